/** What is said while somebody talks to a command, or to a workload's own process, and how it is carried out. */
import type { z } from 'zod'
import type { ExecSession } from '../../ports/exec.ts'
import { channelOf, type Exit, type ToCommand } from '../../wire/command-talk.ts'
import type { Talk } from '../talk.ts'

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
