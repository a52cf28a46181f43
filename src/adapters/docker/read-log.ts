/** Reads a container's log as blocks of lines, as fast as the reader takes them. */
import type Dockerode from 'dockerode'
import type { LogBlock } from '../../lib/log-block.ts'
import { after, blockOf, linesOf, positionAt } from '../../lib/log-block.ts'
import type { Instant } from '../../model/time.ts'
import { ask } from './engine.ts'
import { type EngineStream, engineStream } from './engine-stream.ts'
import { instantOf } from './entry-lines.ts'
import { LogReader } from './log-lines.ts'

export interface LogSource {
  readonly docker: Dockerode
  readonly container: string
  /** When the container was made, in microseconds since the epoch. */
  readonly base: number
  /** Its output is that of a terminal. */
  readonly hasTerminal: boolean
  /** Where its engine keeps it, on the engine's machine; null when not in files. */
  readonly path: string | null
}

export interface ReadOptions {
  readonly follow?: boolean
  /** Positions above this one only; null for all. */
  readonly from?: number | null
  /** At least so many of the last lines. */
  readonly tail?: number
}

interface LogQuery extends Pick<ReadOptions, 'follow' | 'tail'> {
  /** Microseconds since the epoch; null for the beginning. */
  readonly since: Instant | null
}

/** Lines are looked for from a little before, so that those of the same microsecond get the same ranks again. */
const slack = 1_000

/** One pass over the log. With `follow` it ends when the container does, or when the connection breaks. */
export async function* readLog(source: LogSource, options: ReadOptions, signal: AbortSignal): AsyncGenerator<LogBlock> {
  const from = options.from ?? null
  const since = from === null ? null : Math.max(instantOf(from, source.base) - slack, 0)
  yield* above(from, blocksOf(source, { ...options, since }, signal))
}

/**
 * The same, looked for among so many last lines only, which the engine finds without reading what comes before them. Null when those do
 * not reach back to `from`, so that some might be missing.
 */
export async function readBack(
  source: LogSource,
  options: ReadOptions & { readonly from: number; readonly tail: number },
  signal: AbortSignal,
): Promise<AsyncGenerator<LogBlock> | null> {
  const { from } = options
  const blocks = blocksOf(source, { ...options, since: null }, signal)
  const first = await blocks.next()
  if (first.done !== true) {
    const at = instantOf(positionAt(first.value, 0), source.base)
    if (at < instantOf(from, source.base) - slack) return above(from, blocks, first.value)
  }
  await blocks.return(undefined)
  return null
}

async function* above(
  from: number | null,
  blocks: AsyncGenerator<LogBlock>,
  first: LogBlock | null = null,
): AsyncGenerator<LogBlock> {
  const wanted = function* (block: LogBlock): Generator<LogBlock> {
    const rest = after(block, from ?? -1)
    if (rest.length > 0) yield rest
  }
  try {
    if (first !== null) yield* wanted(first)
    for await (const block of blocks) yield* wanted(block)
  } finally {
    await blocks.return(undefined)
  }
}

/** None of them is empty. */
async function* blocksOf(source: LogSource, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBlock> {
  const stream = await ask(signal, (abortSignal) => open(source, query, abortSignal), null)
  try {
    const reader = new LogReader(source.base, source.hasTerminal)
    for await (const burst of stream.body) {
      const block = reader.push(burst)
      if (block.length > 0) yield block
    }
    const last = reader.end()
    if (last.length > 0) yield last
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    stream.close()
  }
}

/** The last lines, and nothing after them. */
export async function readTail(source: LogSource, howMany: number, signal: AbortSignal): Promise<LogBlock> {
  const last = []
  // Some more than asked for, so that ranks within a microsecond are right.
  for await (const block of readLog(source, { tail: howMany + 32 }, signal)) {
    last.push(...linesOf(block))
    last.splice(0, last.length - howMany)
  }
  return blockOf(last)
}

function open(
  { docker, container }: LogSource,
  { follow = false, tail, since }: LogQuery,
  signal: AbortSignal,
): Promise<EngineStream> {
  const query = new URLSearchParams({
    ...{ stdout: 'true', stderr: 'true', timestamps: 'true', follow: String(follow) },
    ...(since === null ? {} : { since: (since / 1_000).toFixed(3) }),
    ...(tail === undefined ? {} : { tail: String(tail) }),
  })
  return engineStream(docker, `/containers/${container}/logs?${query.toString()}`, signal)
}
