/** One connection to the engine that carries input and outputs at once: to a further command, or to a container's own process. */
import { byteStreamOf } from '../../lib/byte-stream.ts'
import { ClawError } from '../../model/failure.ts'
import type { ExecOutput } from '../../ports/exec.ts'
import { engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { OutputFrames } from './frames.ts'
import type { TalkConnection } from './talk-connection.ts'

/**
 * With a terminal the engine looks for keys in what is typed and lets go of the process when it has found them; nothing given means its usual
 * ones. Whoever lets go does that where the keyboard is: so these are keys that nobody types in this order. The first is held back until the
 * next key, so it is one that hardly anything listens to.
 */
export const noDetachKeys =
  'ctrl-^,ctrl-@,ctrl-_,ctrl-^,ctrl-@,ctrl-_,ctrl-],ctrl-^,ctrl-@,ctrl-_,ctrl-^,ctrl-@,ctrl-_,ctrl-]'

/** Whoever calls it off, or loses patience, hears of that at once. A connection that comes later goes to `onLate`. */
export async function hijack<Connection>(
  open: () => Promise<Connection>,
  onLate: (connection: Connection) => void,
  signal: AbortSignal,
): Promise<Connection> {
  let opening: Promise<Connection> | null = null
  try {
    return await ask(signal, () => (opening = open()))
  } catch (error) {
    const late = opening as Promise<Connection> | null
    // What could not be opened is over. The caller hears of it.
    late?.then(onLate, () => {})
    throw error
  }
}

export interface Talk {
  readonly output: AsyncIterable<ExecOutput>
  write(data: Uint8Array): Promise<void>
  endInput(): void
}

interface Talking {
  readonly connection: TalkConnection
  readonly hasTerminal: boolean
  readonly hasInput: boolean
}

export function talkOver({ connection, hasTerminal, hasInput }: Talking, signal: AbortSignal): Talk {
  const { send, end } = byteStreamOf(connection.socket)
  if (!hasInput) end()
  return {
    output: outputOf(connection, hasTerminal, signal),
    write: async (data) => {
      if (hasInput) await send(data)
    },
    endInput: end,
  }
}

async function* outputOf(
  { received }: TalkConnection,
  hasTerminal: boolean,
  signal: AbortSignal,
): AsyncGenerator<ExecOutput> {
  const frames = new OutputFrames()
  try {
    for await (const chunk of received) {
      if (hasTerminal) yield { stream: 'stdout', data: chunk }
      else yield* frames.push(chunk)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw engineFailure(error)
  }
  signal.throwIfAborted()
}

interface State {
  readonly Running: boolean
  readonly ExitCode: number | null
}

export interface Looks {
  readonly look: (signal: AbortSignal) => Promise<State>
  /** What is gone when the engine does not know it. */
  readonly name: string
  /** How often is looked before the engine has let go of what goes on. */
  readonly count: number
}

/** At first, and when it has gone on for long. */
const pauseMs = { first: 20, longest: 1_000 }

/** The engine notices an end a moment after the output has ended. Null when it goes on. Throws WORKLOAD_NOT_RUNNING or EXECUTOR_UNAVAILABLE. */
export async function exitCodeOf({ look, name, count }: Looks, signal: AbortSignal): Promise<number | null> {
  for (let looked = 0; looked < count; looked += 1) {
    const { Running, ExitCode } = await stateOf(look, name, signal)
    if (!Running && ExitCode !== null) return ExitCode
    const pause = Math.min(pauseMs.longest, pauseMs.first * Math.max(1, looked / 25))
    await new Promise((resolve) => setTimeout(resolve, pause))
    signal.throwIfAborted()
  }
  return null
}

async function stateOf(look: Looks['look'], name: string, signal: AbortSignal): Promise<State> {
  try {
    return await ask(signal, look)
  } catch (error) {
    signal.throwIfAborted()
    // The container is gone, and what ran in it with it.
    if (statusOf(error) !== 404) throw engineFailure(error)
    throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state: 'gone' }, { cause: error })
  }
}

/** For what has no sense after the end. */
export async function unlessOver(work: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await ask(signal, work)
  } catch (error) {
    // It has ended, is gone, or does not run yet.
    if (statusOf(error) === null) throw error
  }
}
