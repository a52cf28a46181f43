/** What is said while somebody talks to a command, or to a workload's own process, and how it is carried out. */
import { z } from 'zod'
import { execSignals, type ExecSession } from '../../ports/exec.ts'
import type { Talk } from '../talk.ts'

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

const channelOf = { stdout: 1, stderr: 2, stdin: 1 } as const
export const channels = {
  1: 'standard input one way, standard output the other; nothing at all ends the input',
  2: 'standard error',
}

type CommandTalk = Pick<Talk<z.infer<typeof ToCommand>, z.infer<typeof Exit>>, 'messages' | 'chunks' | 'tell' | 'send'>

/** Until the command has ended and all that it printed is sent, or what comes from the user makes no sense. */
export async function carryOut(session: ExecSession, talk: CommandTalk): Promise<void> {
  const failed = Promise.withResolvers<never>()
  for (const work of [passInput(session, talk), obey(session, talk)]) work.catch(failed.reject)
  await Promise.race([passOutput(session, talk), failed.promise])
}

async function passOutput(session: ExecSession, talk: CommandTalk): Promise<void> {
  for await (const { stream, data } of session.output) await talk.send(channelOf[stream], data)
  await talk.tell({ type: 'exit', exitCode: await session.exitCode() })
}

async function passInput(session: ExecSession, { chunks }: CommandTalk): Promise<void> {
  for await (const { channel, data } of chunks) {
    if (channel !== channelOf.stdin) continue
    if (data.length === 0) session.endInput()
    else await session.write(data)
  }
}

async function obey(session: ExecSession, { messages }: CommandTalk): Promise<void> {
  for await (const message of messages) {
    if (message.type === 'signal') await session.signal(message.signal)
    else await session.resize(message)
  }
}
