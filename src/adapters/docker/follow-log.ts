/**
 * Follows a container's log without losing lines, however far behind its reader falls. The engine rotates the log in files, and a
 * follower of the engine goes from the file that it is in to the newest: those in between are skipped. A read that does not follow opens
 * all files at its start and skips none. So whoever is behind reads on by such passes, until it has caught up.
 */
import type { LogBlock } from '../../lib/log-block.ts'
import { lastPosition } from '../../lib/log-block.ts'
import type { Millis } from '../../model/time.ts'
import { instantOf } from './log-lines.ts'
import { type LogSource, readLog } from './read-log.ts'

export interface FollowLimits {
  /** How many bytes are taken between two looks at the clock. */
  readonly lookEvery: number
  /** How old the newest line may be. */
  readonly mostLag: Millis
  /** How many bytes the reader may be behind, as far as the rate tells at which they were printed. */
  readonly mostBehind: number
}

/**
 * A file has 128 MB. To be that far behind within 16 MiB, a reader would have to be eight times slower than the work prints. The engine's
 * clock is that of this host; should it be another and behind, a busy log costs a pass more now and then. Such a pass is dear: the engine
 * looks at all that was printed before. So on a busy host being late alone is no reason for one.
 */
const usual: FollowLimits = { lookEvery: 16 * 1_048_576, mostLag: 1_000, mostBehind: 32 * 1_048_576 }

/** Positions above `from`; null for all. Ends when the container does, or when the connection breaks. */
export async function* followLog(
  source: LogSource,
  from: number | null,
  signal: AbortSignal,
  { lookEvery, mostLag, mostBehind }: FollowLimits = usual,
): AsyncGenerator<LogBlock> {
  let last = from
  const timeOf = (position: number | null): number => instantOf(position ?? 0, source.base)
  const isLate = (): boolean => last !== null && Date.now() - timeOf(last) > mostLag
  for (let isBehind = false; ;) {
    const before = last
    const follow = !isBehind
    let [unseen, since] = [0, last]
    for await (const block of readLog(source, { follow, from: last }, signal)) {
      last = lastPosition(block)
      yield block
      unseen += block.length
      if (!follow || unseen < lookEvery) continue
      const span = Math.max(1, timeOf(last) - timeOf(since))
      isBehind = isLate() && (unseen / span) * (Date.now() - timeOf(last)) > mostBehind
      if (isBehind) break
      ;[unseen, since] = [0, last]
    }
    if (follow && !isBehind) return
    // A pass that found nothing new is at the end, whatever the clocks say.
    if (!follow) isBehind = last !== before && isLate()
  }
}
