/** Further commands in running workloads, with input, output and maybe a terminal, from wherever in the mesh. */
import { z } from 'zod'
import type { ExecSession } from '../ports/exec.ts'
import { execSignals } from '../ports/exec.ts'
import { environmentIn, execFields, runningPlacement } from './exec-request.ts'
import { workloadRef } from './fields.ts'
import { findWorkload } from './find.ts'
import { duplex } from './operation.ts'
import type { Talk } from './talk.ts'
import { nodeOf } from './workload-connect.ts'

const side = z.int().min(1).max(4_096)
export const Size = z.strictObject({ columns: side, rows: side })

/** What a user may tell a command while it runs. */
export const ToCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), columns: side, rows: side }),
  z.strictObject({ type: z.literal('signal'), signal: z.enum(execSignals) }),
])

export const Exit = z.object({
  type: z.literal('exit'),
  exitCode: z.int().describe('128 and the number of the signal that ended it'),
})

const FromCommand = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    workload: z.string().describe('Its id'),
    node: z.string(),
    placement: z.string(),
  }),
  Exit,
])

const execChannels = { stdout: 1, stderr: 2, stdin: 1 } as const
export const channels = {
  1: 'standard input one way, standard output the other; nothing at all ends the input',
  2: 'standard error',
}

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
  permission: { verb: 'change', resource: 'workload' },
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
      await attended(session, talk)
    } finally {
      // After the end nothing is there to be killed.
      off.abort()
    }
  },
})

type ExecTalk = Pick<Talk<z.infer<typeof ToCommand>, z.infer<typeof Exit>>, 'messages' | 'chunks' | 'tell' | 'send'>

/** Until the command has ended and all that it printed is sent, or what comes from the user makes no sense. */
export async function attended(session: ExecSession, talk: ExecTalk): Promise<void> {
  const failed = Promise.withResolvers<never>()
  for (const work of [passInput(session, talk), obey(session, talk)]) work.catch(failed.reject)
  await Promise.race([passOutput(session, talk), failed.promise])
}

async function passOutput(session: ExecSession, talk: ExecTalk): Promise<void> {
  for await (const { stream, data } of session.output) await talk.send(execChannels[stream], data)
  await talk.tell({ type: 'exit', exitCode: await session.exitCode() })
}

async function passInput(session: ExecSession, { chunks }: ExecTalk): Promise<void> {
  for await (const { channel, data } of chunks) {
    if (channel !== execChannels.stdin) continue
    if (data.length === 0) session.endInput()
    else await session.write(data)
  }
}

async function obey(session: ExecSession, { messages }: ExecTalk): Promise<void> {
  for await (const message of messages) {
    if (message.type === 'signal') await session.signal(message.signal)
    else await session.resize(message)
  }
}
