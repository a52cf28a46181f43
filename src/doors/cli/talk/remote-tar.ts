/** Commands that pack and unpack in a workload, with this end of their input and output. */
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { Api } from '../peer/api.ts'

export interface Remote {
  readonly api: Api
  readonly workload: string
  readonly signal: AbortSignal
  /** Told of every piece that goes either way. */
  readonly count: (bytes: number) => void
}

export interface Ended {
  readonly exitCode: number
  /** The end of what it complained of. */
  readonly stderr: string
}

type Command = readonly [file: string, ...words: string[]]

/** What our scripts exit with when what was asked for is not there. */
export const absent = 66

const mostComplaints = 2_000
const nothing = new Uint8Array(0)

/** What the command prints goes to `into`, which is left open. */
export function readFrom(remote: Remote, command: Command, into: Writable): Promise<Ended> {
  return during(remote, { command, isFed: false }, async (talk) => {
    const broken = Promise.withResolvers<never>()
    into.on('error', broken.reject)
    try {
      return await Promise.race([passed(talk, into, remote), broken.promise])
    } finally {
      into.off('error', broken.reject)
    }
  })
}

async function passed({ chunks }: Conversation, into: Writable, { count }: Remote): Promise<string> {
  let complaints = ''
  for await (const { channel, data } of chunks) {
    if (channel !== 1) complaints = (complaints + Buffer.from(data).toString('utf8')).slice(-mostComplaints)
    else if (!into.write(data)) await once(into, 'drain')
    count(channel === 1 ? data.length : 0)
  }
  return complaints
}

/** Ends with the command, whether that has read everything or not. */
export function writeTo(remote: Remote, command: Command, from: Readable): Promise<Ended> {
  return during(remote, { command, isFed: true }, async (talk) => {
    const broken = Promise.withResolvers<never>()
    // That the rest is not wanted any more, once the command has ended, breaks nothing.
    feed(remote, talk, from).catch(broken.reject)
    try {
      return await Promise.race([complaintsOf(talk), broken.promise])
    } finally {
      from.destroy()
    }
  })
}

async function feed({ count }: Remote, talk: Conversation, from: Readable): Promise<void> {
  for await (const data of from as AsyncIterable<Uint8Array>) {
    // An empty piece would be the end.
    if (data.length > 0) await talk.send(1, data)
    count(data.length)
  }
  await talk.send(1, nothing)
}

async function complaintsOf({ chunks }: Conversation): Promise<string> {
  let complaints = ''
  for await (const { data } of chunks)
    complaints = (complaints + Buffer.from(data).toString('utf8')).slice(-mostComplaints)
  return complaints
}

/** Whatever happens here, the command does not outlive it. */
async function during(
  { api, workload, signal }: Remote,
  { command, isFed }: { readonly command: Command; readonly isFed: boolean },
  work: (talk: Conversation) => Promise<string>,
): Promise<Ended> {
  const off = new AbortController()
  const input = { workload, command: [...command], stdin: isFed }
  const talk = await api.converse('workload.exec', input, AbortSignal.any([signal, off.signal]))
  try {
    const [exitCode, stderr] = await Promise.all([exitCodeIn(talk), work(talk)])
    if (exitCode === null) throw new ClawError('WORKLOAD_NOT_RUNNING', { workload, state: 'gone' })
    return { exitCode, stderr: stderr.trim() }
  } finally {
    off.abort(new Error('the copy is over'))
  }
}

async function exitCodeIn({ messages }: Conversation): Promise<number | null> {
  let exitCode: number | null = null
  for await (const message of messages) {
    const told = JSON.parse(Buffer.from(message).toString('utf8')) as { type: string; exitCode?: number }
    if (told.type === 'exit') exitCode = told.exitCode ?? null
  }
  return exitCode
}

/** Throws FILE_NOT_FOUND and COPY_FAILED for a command that did not do it. */
export function demand({ exitCode, stderr }: Ended, path: string): void {
  if (exitCode === 0) return
  if (exitCode === absent) throw new ClawError('FILE_NOT_FOUND', { path, where: 'in the workload' })
  throw new ClawError('COPY_FAILED', { path, detail: stderr === '' ? `tar ended with ${exitCode}` : lastLine(stderr) })
}

const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

/** What the system of this machine says of a file, as a failure for people. */
export function localFailure(error: unknown, path: string): unknown {
  if (isClawError(error) || !(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'ENOENT')
    return new ClawError('FILE_NOT_FOUND', { path, where: 'on this machine' }, { cause: error })
  return new ClawError('COPY_FAILED', { path, detail: error.message }, { cause: error })
}
