/** Where the parties of a simulated market meet: one time, messages that take theirs, and moments at which somebody wakes up. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Random } from '../../ports/random.ts'
import type { Message } from './message.ts'

interface Moment {
  readonly at: Instant
  /** Among those of one moment, as they were asked for. */
  readonly order: number
  readonly run: () => void
}

export interface Resident {
  readonly id: NodeId
  receive(from: NodeId, message: Message): void
}

/** What may have been lost is said again: soon at first, and later only now and then. */
export const againAfter = (sinceThen: Millis): Millis => Math.min(120_000, Math.max(4_000, sinceThen / 8))

export interface Links {
  /** Between two parties, at least and at most. */
  readonly latency: readonly [Millis, Millis]
  /** Share of the messages that is lost. */
  readonly loss: number
}

export class Street {
  readonly residents = new Map<NodeId, Resident>()
  /** Those that hear and say nothing at the moment. */
  readonly silent = new Set<NodeId>()
  readonly #random: Random
  readonly #links: Links
  /** Binary heap by (at, order). */
  readonly #moments: Moment[] = []
  #now: Instant
  #order = 0

  constructor(start: Instant, random: Random, links: Links) {
    this.#now = start
    this.#random = random
    this.#links = links
  }

  get now(): Instant {
    return this.#now
  }

  /** Uniform in [0, 1). */
  chance(): number {
    return this.#random.next()
  }

  after(wait: Millis, run: () => void): void {
    const moments = this.#moments
    moments.push({ at: this.#now + Math.max(0, Math.ceil(wait)), order: this.#order++, run })
    for (let child = moments.length - 1; child > 0;) {
      const parent = (child - 1) >> 1
      if (!this.#isBefore(child, parent)) break
      this.#swap(child, parent)
      child = parent
    }
  }

  send(from: NodeId, to: NodeId, message: Message): void {
    const { latency, loss } = this.#links
    const [least, most] = latency
    if (this.silent.has(from) || (loss > 0 && this.chance() < loss)) return
    this.after(least + this.chance() * (most - least), () => {
      if (!this.silent.has(to)) this.residents.get(to)?.receive(from, message)
    })
  }

  /** Plays all that is due until then. */
  runUntil(end: Instant): void {
    for (let next = this.#moments[0]; next !== undefined && next.at <= end; next = this.#moments[0]) {
      this.#pop()
      this.#now = next.at
      next.run()
    }
    this.#now = end
  }

  #pop(): void {
    const moments = this.#moments
    const last = moments.pop()
    if (last === undefined || moments.length === 0) return
    moments[0] = last
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2]
      let least = parent
      if (left < moments.length && this.#isBefore(left, least)) least = left
      if (right < moments.length && this.#isBefore(right, least)) least = right
      if (least === parent) return
      this.#swap(parent, least)
      parent = least
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#moments[one], this.#moments[other]]
    if (a === undefined || b === undefined) return false
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#moments[one], this.#moments[other]]
    if (a === undefined || b === undefined) return
    this.#moments[one] = b
    this.#moments[other] = a
  }
}
