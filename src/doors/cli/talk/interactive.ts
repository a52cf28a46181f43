/** A command in a workload that is talked to from here: input, outputs, terminal, signals and exit code. */
import { spawnSync } from 'node:child_process'
import { roomIn } from '../../../lib/byte-stream.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { InputOf, MessageOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import type { DetachKeys } from './detach-keys.ts'
import { interrupted } from '../exit-code.ts'
import type { Host, Sink } from '../host.ts'
import type { Api } from '../peer/api.ts'
import { endingWith, endSignalOf } from './interrupt.ts'

export interface Wanted {
  readonly workload: string
  readonly command: readonly string[]
  readonly workdir: string | undefined
  readonly env: readonly string[]
  readonly hasInput: boolean
  readonly hasTerminal: boolean
}

const channel = { stdin: 1, stdout: 1, stderr: 2 } as const
const nothing = new Uint8Array(0)

type Opening = Omit<InputOf<'workload.exec'>, 'workload'>

/** Returns the exit code of the command. */
export const interact = (wanted: Wanted, session: Session): Promise<number> =>
  interactIn(
    wanted,
    (api, opening, signal) => api.converse('workload.exec', { workload: wanted.workload, ...opening }, signal),
    session,
  )

/** The same, wherever the work is. */
export async function interactIn(
  wanted: Wanted,
  open: (api: Api, opening: Opening, signal: AbortSignal) => Promise<Conversation>,
  session: Session,
): Promise<number> {
  const { host, signal } = session
  const { hasInput, hasTerminal } = wanted
  if (hasTerminal && hasInput && host.stdin.isTTY !== true)
    throw new ClawError('INVALID_REQUEST', { problem: 'standard input is no terminal here: leave out -t' })
  const api = await session.api()
  signal.throwIfAborted()
  const off = new AbortController()
  // Before there is a command, nothing can be passed on to it.
  const isConnected = endingWith(signal, off)
  const talk = await open(api, inputOf(wanted, host), off.signal)
  isConnected()
  try {
    const onInterrupt = (): void => sendSignal(talk, endSignalOf(signal))
    const input = passInput(talk, { hasInput, hasTerminal, onInterrupt }, session)
    try {
      return await followed(talk, wanted.workload, session)
    } finally {
      input.stop()
    }
  } finally {
    off.abort(new Error('the command is over'))
  }
}

function inputOf(wanted: Wanted, { stdout }: Host): Opening {
  const { command, workdir, env, hasInput, hasTerminal } = wanted
  return {
    command: [...command],
    ...(workdir === undefined ? {} : { workdir }),
    ...(env.length === 0 ? {} : { env: [...env] }),
    stdin: hasInput,
    ...(hasTerminal ? { terminal: sizeOf(stdout) } : {}),
  }
}

/** A terminal that nobody has given a size yet says 0. */
export const sizeOf = ({ columns = 0, rows = 0 }: Sink) => ({ columns: columns || 80, rows: rows || 24 })

/** What is told before the exit code. */
export interface Told {
  readonly type: string
  readonly exitCode?: number
  readonly terminal?: boolean
  readonly stdin?: boolean
}

/** What the command prints and says, until it has ended. */
export async function followed(
  talk: Conversation,
  workload: string,
  { host, signal }: Session,
  onStarted: (told: Told) => void = () => {},
): Promise<number> {
  let exitCode: number | null = null
  const hear = async (): Promise<void> => {
    for await (const message of talk.messages) {
      const told = JSON.parse(Buffer.from(message).toString('utf8')) as Told
      if (told.type === 'started') onStarted(told)
      if (told.type === 'exit') exitCode = told.exitCode ?? null
    }
  }
  const show = async (): Promise<void> => {
    for await (const { channel: from, data } of talk.chunks)
      await write(from === channel.stderr ? host.stderr : host.stdout, data)
  }
  await Promise.all([hear(), show()])
  if (exitCode === null) throw new ClawError('WORKLOAD_NOT_RUNNING', { workload, state: 'gone' })
  return signal.aborted && exitCode === 0 ? interrupted : exitCode
}

/** Waits when the terminal, or whoever reads, is slow. */
const write = (sink: Sink, data: Uint8Array): Promise<void> | void => (sink.write(data) ? undefined : roomIn(sink))

type ToCommand = MessageOf<'workload.exec'>

const tellCommand = (talk: Conversation, message: ToCommand): void =>
  ignore(talk.tell(Buffer.from(JSON.stringify(message))))

export const sendSignal = (talk: Conversation, signal: Extract<ToCommand, { type: 'signal' }>['signal']): void =>
  tellCommand(talk, { type: 'signal', signal })

export interface Input {
  readonly hasInput: boolean
  readonly hasTerminal: boolean
  /** What Ctrl-C does where it is no key. */
  readonly onInterrupt: () => void
  /** Keys that are not for the other side, and what they do once all that was typed before them is sent. */
  readonly letGo?: { readonly keys: DetachKeys; detach(): void }
}

/** Hands on what is typed or piped, what happens to the window, and Ctrl-C. What fails here shows where the output is read. */
export function passInput(
  talk: Conversation,
  { hasInput, hasTerminal, onInterrupt, letGo }: Input,
  { host, signal }: Session,
): { stop(): void } {
  const { stdin, stdout } = host
  const onResize = (): void => tellCommand(talk, { type: 'resize', ...sizeOf(stdout) })
  let isStopped = false
  const pass = async (typed: Uint8Array): Promise<void> => {
    const { data, isOver } = letGo?.keys.push(typed) ?? { data: typed, isOver: false }
    // Nothing at all would be the end.
    if (data.length > 0) await talk.send(channel.stdin, data)
    if (isOver) letGo?.detach()
    else if (!isStopped) stdin.resume()
  }
  const onData = (typed: Buffer): void => {
    stdin.pause()
    ignore(pass(typed))
  }
  const onEnd = (): void => ignore(talk.send(channel.stdin, nothing))

  signal.addEventListener('abort', onInterrupt, { once: true })
  if (signal.aborted) onInterrupt()
  if (hasTerminal) {
    stdout.on('resize', onResize)
    if (hasInput) makeRaw(stdin)
  }
  if (hasInput) stdin.on('data', onData).on('end', onEnd)
  return {
    stop() {
      isStopped = true
      signal.removeEventListener('abort', onInterrupt)
      stdout.off('resize', onResize)
      if (!hasInput) return
      stdin.off('data', onData).off('end', onEnd)
      if (hasTerminal) stdin.setRawMode?.(false)
      stdin.pause()
      // A pipe that nobody reads any more must not keep this program.
      if (stdin.isTTY !== true) stdin.destroy()
    },
  }
}

/** Node leaves the terminal to begin every line anew, which the other terminal has done already. Leaving raw mode restores that too. */
function makeRaw(stdin: Host['stdin']): void {
  stdin.setRawMode?.(true)
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
}

/** A conversation that breaks is told to whoever reads it. */
const ignore = (work: Promise<void>): void => {
  work.catch(() => {})
}
