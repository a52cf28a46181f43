/** Further commands in running workloads, with input, output and maybe a terminal, from wherever in the mesh. */
import { z } from 'zod'
import { Exit, Size, ToCommand } from '../../wire/command-talk.ts'
import { carryOut, channels } from './command-talk.ts'
import { environmentIn, execFields, runningPlacement } from './exec-request.ts'
import { workloadRef } from '../fields.ts'
import { findWorkload } from '../find.ts'
import { duplex } from '../operation.ts'
import { nodeOf } from './workload-connect.ts'
import { ofWorkload } from '../touched.ts'

const FromCommand = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    workload: z.string().describe('Its id'),
    node: z.string(),
    placement: z.string(),
  }),
  Exit,
])

export const workloadExec = duplex({
  name: 'workload.exec',
  about: 'Run a further command in a workload, wherever it runs, and talk to it.',
  input: z.strictObject({
    workload: workloadRef,
    ...execFields,
    stdin: z.boolean().default(false).describe('Whether it has an input; without one it reads the end at once'),
    terminal: Size.optional().describe('A terminal of that size; both outputs are one then'),
  }),
  message: ToCommand,
  output: FromCommand,
  channels,
  secretFields: ['env'],
  permission: { verb: 'exec', resource: 'workload' },
  namespace: ofWorkload,
  where: ({ workload }, context) => nodeOf(findWorkload(context, workload)),
  async handler({ workload: wanted, command, workdir, env, stdin, terminal }, context, { signal }, talk) {
    const workload = findWorkload(context, wanted)
    const placement = runningPlacement(workload)
    const off = new AbortController()
    const request = {
      ...{ command, workdir: workdir ?? null, env: environmentIn(env) },
      ...{ terminal: terminal ?? null, stdin },
    }
    const session = await context.agent.exec(placement, request, AbortSignal.any([signal, off.signal]))
    try {
      await talk.tell({ type: 'started', workload: workload.id, node: context.self, placement })
      await carryOut(session, talk)
    } finally {
      // After the end nothing is there to be killed.
      off.abort()
    }
  },
})
