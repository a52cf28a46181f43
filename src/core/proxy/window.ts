/** How requests went of late, by revision: counted in slots of ten seconds that are forgotten after an hour. */
import type { Millis } from '../../model/time.ts'
import { hour, second } from '../../model/time.ts'

const slotSpan: Millis = 10 * second
const slots = hour / slotSpan

/** Upper bounds of latencies, ms, each a quarter above the one before: from 1 ms to 15 minutes. One more for what is beyond. */
export const bounds: readonly number[] = Array.from({ length: 62 }, (_, i) => 1.25 ** i)

export interface Tally {
  readonly revision: number
  readonly requests: number
  /** No answer, or one of 500 and above. */
  readonly failed: number
  /** By `bounds`. */
  readonly latencies: readonly number[]
}

interface Slot {
  readonly number: number
  readonly tallies: Map<number, { requests: number; failed: number; readonly latencies: number[] }>
}

export class Window {
  readonly #slots: Slot[] = []

  /** One request. A latency of null is not counted among them: nobody answered. */
  count(revision: number, isFailed: boolean, latencyMs: Millis | null, at: Millis): void {
    const { tallies } = this.#slot(Math.floor(at / slotSpan))
    const tally = tallies.get(revision) ?? { requests: 0, failed: 0, latencies: bounds.map(() => 0).concat(0) }
    tallies.set(revision, tally)
    tally.requests += 1
    if (isFailed) tally.failed += 1
    if (latencyMs === null) return
    const bucket = bucketOf(latencyMs)
    tally.latencies[bucket] = (tally.latencies[bucket] ?? 0) + 1
  }

  /** Of the last so long, rounded up to whole slots. */
  over(span: Millis, at: Millis): readonly Tally[] {
    const first = Math.floor((at - span) / slotSpan)
    return merged(
      this.#slots
        .filter(({ number }) => number >= first)
        .flatMap(({ tallies }) => Array.from(tallies, ([revision, tally]) => ({ revision, ...tally }))),
    )
  }

  #slot(number: number): Slot {
    const last = this.#slots.at(-1)
    if (last !== undefined && last.number >= number) return last
    const slot: Slot = { number, tallies: new Map() }
    this.#slots.push(slot)
    while ((this.#slots[0]?.number ?? number) <= number - slots) this.#slots.shift()
    return slot
  }
}

/** The same of several windows or peers, one of each revision. */
export function merged(tallies: readonly Tally[]): readonly Tally[] {
  const all = new Map<number, Tally>()
  for (const tally of tallies) {
    const before = all.get(tally.revision)
    all.set(tally.revision, before === undefined ? tally : sum(before, tally))
  }
  return [...all.values()].toSorted((a, b) => a.revision - b.revision)
}

const sum = (a: Tally, b: Tally): Tally => ({
  revision: a.revision,
  requests: a.requests + b.requests,
  failed: a.failed + b.failed,
  latencies: a.latencies.map((count, i) => count + (b.latencies[i] ?? 0)),
})

/** The latency within which this part of the answers came, ms; null when there was none. Too large by a quarter at most. */
export function quantile({ latencies }: Pick<Tally, 'latencies'>, part: number): Millis | null {
  const total = latencies.reduce((count, one) => count + one, 0)
  if (total === 0) return null
  let left = Math.ceil(total * part)
  for (const [i, count] of latencies.entries()) {
    left -= count
    if (left <= 0) return Math.round(bounds[i] ?? bounds.at(-1) ?? 0)
  }
  return Math.round(bounds.at(-1) ?? 0)
}

function bucketOf(latencyMs: Millis): number {
  const found = bounds.findIndex((bound) => latencyMs <= bound)
  return found === -1 ? bounds.length : found
}
