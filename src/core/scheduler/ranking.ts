/**
 * The nodes that could take one kind of workload, best first. What a node offers is worked out again only when something was placed
 * on it, so the choice costs no more in a large mesh than in a small one.
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
  /** Place among the candidates: of equal offers the first wins. */
  readonly place: number
  readonly offer: Offer
  /** How often the ledger had changed when the offer was made. */
  readonly version: number
}

export class Ranking {
  readonly #spec: WorkloadSpec
  readonly #places: ReadonlyMap<NodeId, number>
  readonly #candidates: readonly Candidate[]
  /** A binary heap. Entries whose ledger has changed since are thrown away when they come up. */
  readonly #heap: Entry[] = []

  constructor(candidates: readonly Candidate[], spec: WorkloadSpec) {
    this.#spec = spec
    this.#candidates = candidates
    this.#places = new Map(candidates.map(({ ledger }, place) => [ledger.node.id, place]))
    for (const place of candidates.keys()) this.#offer(place)
  }

  /** Something was placed there. */
  changed(node: NodeId): void {
    const place = this.#places.get(node)
    if (place !== undefined) this.#offer(place)
  }

  /** The node itself, if the work fits there now. */
  at(node: NodeId): Candidate | null {
    const candidate = this.#candidates[this.#places.get(node) ?? -1]
    return candidate !== undefined && offerOf(candidate.ledger, candidate.standing, this.#spec) !== null
      ? candidate
      : null
  }

  /** The best of those that may be used; null when the work fits on none of them. */
  best(mayUse: (node: NodeId, ledger: NodeLedger) => boolean): Candidate | null {
    const passed: Entry[] = []
    let best: Entry | undefined
    for (best = this.#pop(); best !== undefined; best = this.#pop()) {
      if (best.version !== best.candidate.ledger.version) continue
      passed.push(best)
      const { ledger } = best.candidate
      if (mayUse(ledger.node.id, ledger)) break
    }
    for (const entry of passed) this.#push(entry)
    return best?.candidate ?? null
  }

  #offer(place: number): void {
    const candidate = this.#candidates[place]
    if (candidate === undefined) return
    const { ledger, standing } = candidate
    const offer = offerOf(ledger, standing, this.#spec)
    if (offer !== null) this.#push({ candidate, place, offer, version: ledger.version })
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

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
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
    return first
  }
}
