/** Virtual time and one seed. Everything that happens in a simulation happens in an order that the seed alone decides. */
import type { Instant, Millis } from '../model/time.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'

interface Event {
  readonly at: Millis
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** mulberry32: small, fast, good enough for choosing faults. */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0
  const next = (): number => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return { next, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) }
}

export class World implements Clock, Random {
  readonly #start: Instant
  readonly #random: Random
  #elapsed: Millis = 0
  #order = 0
  /** Binary heap by (at, order). */
  readonly #queue: Event[] = []

  constructor(seed: number, start: Instant = 1_750_000_000_000) {
    this.#random = seededRandom(seed)
    this.#start = start
  }

  /** In whole milliseconds, as a host's clock: what is made of it goes over the wire and to disk as whole numbers. */
  now(): Instant {
    return this.#start + Math.floor(this.#elapsed)
  }

  elapsed(): Millis {
    return this.#elapsed
  }

  next(): number {
    return this.#random.next()
  }

  bytes(count: number): Uint8Array {
    return this.#random.bytes(count)
  }

  after(wait: Millis, run: () => void): Cancel {
    const event: Event = { at: this.#elapsed + Math.max(0, wait), order: this.#order++, run, cancelled: false }
    this.#push(event)
    return () => {
      event.cancelled = true
    }
  }

  /** Plays everything that is due within the span, letting promises settle between events. */
  async runFor(span: Millis): Promise<void> {
    const end = this.#elapsed + span
    await settle()
    for (let event = this.#queue[0]; event !== undefined && event.at <= end; event = this.#queue[0]) {
      this.#pop()
      if (event.cancelled) continue
      this.#elapsed = event.at
      event.run()
      await settle()
    }
    this.#elapsed = end
  }

  /** Plays until the condition holds. Throws when it still does not after `limit`. */
  async runUntil(holds: () => boolean, limit: Millis): Promise<void> {
    const end = this.#elapsed + limit
    await settle()
    while (!holds()) {
      const event = this.#queue[0]
      if (event === undefined || event.at > end) throw new Error(`condition does not hold after ${limit} ms`)
      this.#pop()
      if (event.cancelled) continue
      this.#elapsed = event.at
      event.run()
      await settle()
    }
  }

  #push(event: Event): void {
    const queue = this.#queue
    let i = queue.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = queue[parent]
      if (above === undefined || !before(event, above)) break
      queue[i] = above
      i = parent
    }
    queue[i] = event
  }

  #pop(): void {
    const queue = this.#queue
    const last = queue.pop()
    if (last === undefined || queue.length === 0) return
    let i = 0
    for (;;) {
      const left = queue[2 * i + 1]
      const right = queue[2 * i + 2]
      if (left === undefined) break
      const [child, at] = right !== undefined && before(right, left) ? [right, 2 * i + 2] : [left, 2 * i + 1]
      if (!before(child, last)) break
      queue[i] = child
      i = at
    }
    queue[i] = last
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Lets chains of already resolved promises run to their end. Twenty turns are more than any chain of ours has links. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}
