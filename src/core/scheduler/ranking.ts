/**
 * The nodes that could take one kind of workload, best first. What a node offers is worked out again only when something has changed
 * there, so the choice costs no more in a large mesh than in a small one.
 */
import type { NodeId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { NodeLedger } from './ledger.ts'
import { compareOffers, isAsGood, offerOf } from './offer.ts'
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

export type MayUse = (node: NodeId, ledger: NodeLedger) => boolean

/** So many places are looked at one by one; and of more, so many of the best nodes. */
const mostScanned = 256
const mostTried = 32

interface Among {
  readonly than: number
  readonly isForZone: boolean
  /** Whether the place counts at all. */
  readonly isWithin: (place: number) => boolean
  readonly mayUse: MayUse
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
  best(mayUse: MayUse): Candidate | null {
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

  /**
   * The best at those places of what is as good as the one at `than` and may be used; null when there is none. Where an image is in very
   * many places, only the best nodes of all are looked at: one of them nearly always has it, and otherwise it is soon pulled.
   */
  bestAmong(places: readonly ReadonlySet<number>[], { than, isForZone, isWithin, mayUse }: Among): number | null {
    const other = this.#entries[than] ?? null
    if (other === null) return null
    const isWanted = ({ place, offer, candidate: { ledger } }: Entry): boolean =>
      isAsGood(offer, other.offer, this.#spec, isForZone) && isWithin(place) && mayUse(ledger.node.id, ledger)
    const size = places.reduce((sum, some) => sum + some.size, 0)
    if (size > mostScanned && !isForZone) {
      const found = this.#inOrder()
        .take(mostTried)
        .find((entry) => places.some((some) => some.has(entry.place)) && isWanted(entry))
      return found?.place ?? null
    }
    let best: Entry | null = null
    for (const some of places)
      for (const place of some) {
        const entry = this.#entries[place] ?? null
        if (entry !== null && (best === null || this.#isBefore(entry, best)) && isWanted(entry)) best = entry
      }
    return best?.place ?? null
  }

  /** From the best on, each when it is asked for; the heap stays as it is. */
  *#inOrder(): Generator<Entry> {
    const [first] = this.#heap
    /** What can be next, the best last. */
    const open = first === undefined ? [] : [first]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      yield next
      for (const below of [this.#heap[2 * next.at + 1], this.#heap[2 * next.at + 2]]) {
        if (below === undefined) continue
        let [low, high] = [0, open.length]
        while (low < high) {
          const middle = (low + high) >> 1
          const at = open[middle]
          if (at !== undefined && this.#isBefore(below, at)) low = middle + 1
          else high = middle
        }
        open.splice(low, 0, below)
      }
    }
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
