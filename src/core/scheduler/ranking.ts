/**
 * The nodes that could take one kind of workload, best first. What a node offers is worked out again only when something has changed
 * there, so the choice costs no more in a large mesh than in a small one.
 */
import type { NodeId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { NodeLedger } from './ledger.ts'
import { compareOffers, offerOf } from './offer.ts'
import type { Standing } from './standing.ts'
import type { Offer } from './types.ts'

export interface Candidate {
  readonly ledger: NodeLedger
  readonly standing: Standing
}

interface Entry {
  /** Place among the nodes: of equal offers the first wins. */
  readonly place: number
  /** Where it is in the heap; not in it while it is negative. */
  at: number
  candidate: Candidate
  offer: Offer
}

export class Ranking {
  readonly #spec: WorkloadSpec
  /** By place; null where the work does not fit now. */
  readonly #entries: (Entry | null)[] = []
  /**
   * A binary heap of all of them. Each knows where it is, because a node that work has just gone to has a little less left than before
   * and so hardly moves.
   */
  readonly #heap: Entry[] = []

  constructor(spec: WorkloadSpec) {
    this.#spec = spec
  }

  /** The node as it is now; null when it cannot run the work at all. */
  set(place: number, candidate: Candidate | null): void {
    const before = this.#entries[place] ?? null
    const offer = candidate === null ? null : offerOf(candidate.ledger, candidate.standing, this.#spec)
    if (candidate === null || offer === null) {
      this.#entries[place] = null
      if (before !== null) this.#remove(before)
    } else if (before === null) {
      const entry = { candidate, place, offer, at: -1 }
      this.#entries[place] = entry
      this.#add(entry)
    } else {
      before.candidate = candidate
      before.offer = offer
      this.#settle(before, before.at)
    }
  }

  /** The node at that place, if the work fits there now. */
  at(place: number): Candidate | null {
    return this.#entries[place]?.candidate ?? null
  }

  /** The best of those that may be used; null when the work fits on none of them. */
  best(mayUse: (node: NodeId, ledger: NodeLedger) => boolean): Candidate | null {
    const passed: Entry[] = []
    let best: Entry | undefined
    for (best = this.#heap[0]; best !== undefined; best = this.#heap[0]) {
      const { ledger } = best.candidate
      if (mayUse(ledger.node.id, ledger)) break
      passed.push(best)
      this.#remove(best)
    }
    for (const entry of passed) this.#add(entry)
    return best?.candidate ?? null
  }

  #add(entry: Entry): void {
    this.#heap.push(entry)
    this.#settle(entry, this.#heap.length - 1)
  }

  #remove(entry: Entry): void {
    const last = this.#heap.pop()
    if (last !== undefined && last !== entry) this.#settle(last, entry.at)
    entry.at = -1
  }

  /** Puts it where it belongs, above or below the place that is free for it. */
  #settle(entry: Entry, from: number): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const parent = heap[(at - 1) >> 1]
      if (parent === undefined || !this.#isBefore(entry, parent)) break
      heap[at] = parent
      parent.at = at
      at = (at - 1) >> 1
    }
    if (at === from) at = this.#sink(entry, from)
    heap[at] = entry
    entry.at = at
  }

  /** Lifts what is better than the entry, and returns the place that becomes free. */
  #sink(entry: Entry, from: number): number {
    const heap = this.#heap
    let at = from
    for (;;) {
      const left = heap[2 * at + 1]
      if (left === undefined) return at
      const right = heap[2 * at + 2]
      const child = right !== undefined && this.#isBefore(right, left) ? right : left
      if (!this.#isBefore(child, entry)) return at
      heap[at] = child
      const below = child.at
      child.at = at
      at = below
    }
  }

  #isBefore(a: Entry, b: Entry): boolean {
    return (compareOffers(a.offer, b.offer, this.#spec) || a.place - b.place) < 0
  }
}
