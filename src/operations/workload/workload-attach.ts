/** The input and the outputs of a workload's own process, from wherever in the mesh. */
import { z } from 'zod'
import { Exit, Size, ToCommand } from '../../wire/command-talk.ts'
import { carryOut, channels } from './command-talk.ts'
import { runningPlacement } from './exec-request.ts'
import { workloadRef } from '../fields.ts'
import { findWorkload } from '../find.ts'
import { duplex } from '../operation.ts'
import { nodeOf } from './workload-connect.ts'
import { ofWorkload } from '../touched.ts'

const FromWorkload = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    workload: z.string().describe('Its id'),
    node: z.string(),
    placement: z.string(),
    terminal: z.boolean().describe('Whether it has a terminal; both of its outputs are one then'),
    stdin: z.boolean().describe('Whether what is sent reaches it'),
  }),
  Exit,
])

export const workloadAttach = duplex({
  name: 'workload.attach',
  about: 'Talk to a workload itself, wherever it runs. When the conversation is called off, the workload goes on.',
  input: z.strictObject({
    workload: workloadRef,
    stdin: z.boolean().default(false).describe('Send it input, where it was submitted with `stdin`'),
    replay: z.boolean().default(false).describe('Begin with what it has printed so far'),
    terminal: Size.optional().describe('The size of the terminal here, which one there takes on'),
  }),
  message: ToCommand,
  output: FromWorkload,
  channels,
  permission: { verb: 'exec', resource: 'workload' },
  namespace: ofWorkload,
  where: ({ workload }, context) => nodeOf(findWorkload(context, workload)),
  async handler({ workload: wanted, stdin, replay, terminal }, context, { signal }, talk) {
    const workload = findWorkload(context, wanted)
    const placement = runningPlacement(workload)
    const off = new AbortController()
    const request = { stdin, replay }
    const attachment = await context.agent.attach(placement, request, AbortSignal.any([signal, off.signal]))
    try {
      const { hasTerminal, hasInput } = attachment
      await talk.tell({
        ...{ type: 'started', workload: workload.id, node: context.self, placement },
        ...{ terminal: hasTerminal, stdin: hasInput },
      })
      if (terminal !== undefined) await attachment.resize(terminal)
      await carryOut(attachment, talk)
    } finally {
      off.abort()
    }
  },
})
