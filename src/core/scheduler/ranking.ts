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
  readonly candidate: Candidate
  /** Place among the nodes: of equal offers the first wins. */
  readonly place: number
  readonly offer: Offer
}

export class Ranking {
  readonly #spec: WorkloadSpec
  /** What each node offers now, by its place. */
  readonly #current: (Entry | null)[] = []
  /** A binary heap. Entries that are not current any more are thrown away when they come up. */
  #heap: Entry[] = []

  constructor(spec: WorkloadSpec) {
    this.#spec = spec
  }

  /** The node as it is now; null when it cannot run the work at all. */
  set(place: number, candidate: Candidate | null): void {
    const offer = candidate === null ? null : offerOf(candidate.ledger, candidate.standing, this.#spec)
    const entry = candidate === null || offer === null ? null : { candidate, place, offer }
    this.#current[place] = entry
    if (entry === null) return
    if (this.#heap.length > 2 * this.#current.length + fewest) this.#rebuild()
    else this.#push(entry)
  }

  /** The node at that place, if the work fits there now. */
  at(place: number): Candidate | null {
    return this.#current[place]?.candidate ?? null
  }

  /** The best of those that may be used; null when the work fits on none of them. */
  best(mayUse: (node: NodeId, ledger: NodeLedger) => boolean): Candidate | null {
    const passed: Entry[] = []
    let best: Entry | undefined
    for (best = this.#heap[0]; best !== undefined; best = this.#heap[0]) {
      const isCurrent = this.#current[best.place] === best
      const { ledger } = best.candidate
      if (isCurrent && mayUse(ledger.node.id, ledger)) break
      if (isCurrent) passed.push(best)
      this.#pop()
    }
    for (const entry of passed) this.#push(entry)
    return best?.candidate ?? null
  }

  #rebuild(): void {
    this.#heap = []
    for (const entry of this.#current) if (entry !== null) this.#push(entry)
  }

  #isBefore(a: Entry, b: Entry): boolean {
    return (compareOffers(a.offer, b.offer, this.#spec) || a.place - b.place) < 0
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !this.#isBefore(entry, parent)) break
      heap[at] = parent
      at = up
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      if (left === undefined) break
      const right = heap[2 * at + 2]
      const isRight = right !== undefined && this.#isBefore(right, left)
      const child = isRight ? right : left
      if (!this.#isBefore(child, last)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = last
  }
}

/** Below this a heap is not worth tidying. */
const fewest = 64
