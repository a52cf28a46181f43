/**
 * Follows a container's log without losing lines, however far behind its reader falls. The engine rotates the log in files, and a
 * follower of the engine goes from the file that it is in to the newest: those in between are skipped. A read that does not follow opens
 * all files at its start and skips none. So whoever is behind reads on by such passes, until it has caught up.
 */
import type { LogBlock } from '../../lib/log-block.ts'
import { lastPosition, lineHeader, linesIn } from '../../lib/log-block.ts'
import type { Millis } from '../../model/time.ts'
import { instantOf } from './entry-lines.ts'
import { type LogSource, readBack, readLog } from './read-log.ts'

export interface FollowLimits {
  /** How many bytes are taken between two looks at the clock. */
  readonly lookEvery: number
  /** How old the newest line may be. */
  readonly mostLag: Millis
  /** How many bytes of the engine's files the reader may be behind, as far as the rate tells at which they were printed. */
  readonly mostBehind: number
}

/**
 * A file has 128 MB, and lines are missed only by who is behind by more. What is kept free of that is for characters that the engine
 * writes as several, and for rates that change within 16 MiB. The engine's clock is that of this host; should it be another and behind, a
 * busy log costs a pass more now and then. On a busy host being late alone is no reason for one.
 */
const usual: FollowLimits = { lookEvery: 16 * 1_048_576, mostLag: 1_000, mostBehind: 80_000_000 }

/** `{"log":"…\\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}` and a newline: what a line takes beside its text. */
const lineInFile = 76

/** How fast work prints, per millisecond. */
interface Rate {
  readonly lines: number
  /** In the engine's files. */
  readonly bytes: number
}

/** That of so many bytes of lines like these. */
function rateOf(sample: LogBlock, bytes: number, span: Millis): Rate {
  const linesOfAll = (linesIn(sample) * bytes) / sample.length
  return { lines: linesOfAll / span, bytes: (bytes + linesOfAll * (lineInFile - lineHeader)) / span }
}

/** Positions above `from`; null for all. Ends when the container does, or when the connection breaks. */
export async function* followLog(
  source: LogSource,
  from: number | null,
  signal: AbortSignal,
  { lookEvery, mostLag, mostBehind }: FollowLimits = usual,
): AsyncGenerator<LogBlock> {
  let last: number | null = from
  let rate: Rate | null = null
  const timeOf = (position: number | null): number => instantOf(position ?? 0, source.base)
  const lag = (): Millis => Date.now() - timeOf(last)
  const isLate = (): boolean => last !== null && lag() > mostLag
  for (let isBehind = false; ;) {
    const before: number | null = last
    const follow: boolean = !isBehind
    let [unseen, since] = [0, last]
    for await (const block of await goingOn(source, { follow, from: last, tail: tailFor(rate, lag()) }, signal)) {
      last = lastPosition(block)
      yield block
      unseen += block.length
      if (!follow || unseen < lookEvery) continue
      rate = rateOf(block, unseen, Math.max(1, timeOf(last) - timeOf(since)))
      isBehind = isLate() && rate.bytes * lag() > mostBehind
      if (isBehind) break
      ;[unseen, since] = [0, last]
    }
    if (follow && !isBehind) return
    // A pass that found nothing new is at the end, whatever the clocks say.
    if (!follow) isBehind = last !== before && isLate()
  }
}

/** In how many last lines those are that have not been read; null where nothing is known of it. */
function tailFor(rate: Rate | null, lag: Millis): number | null {
  return rate === null ? null : 20_000 + Math.ceil(Math.min(2 * rate.lines * Math.max(0, lag), 100_000_000))
}

interface GoingOn {
  readonly follow: boolean
  readonly from: number | null
  readonly tail: number | null
}

/** From the end back where that is known to reach far enough, because the engine reads all there is for any other way. */
async function goingOn(
  source: LogSource,
  { follow, from, tail }: GoingOn,
  signal: AbortSignal,
): Promise<AsyncGenerator<LogBlock>> {
  const back = from === null || tail === null ? null : await readBack(source, { follow, from, tail }, signal)
  return back ?? readLog(source, { follow, from }, signal)
}
