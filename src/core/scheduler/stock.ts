/**
 * What all nodes have left, and for each kind of request who is best for it. Kept from plan to plan: a plan looks anew only at nodes at
 * which something has changed, so that it costs as much as it places and not as much as the mesh is large. It remembers, and nothing
 * more: a plan with a stock that was kept is the plan with a new one.
 */
import type { NodeId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { Builds } from './builds.ts'
import { Kind } from './kind.ts'
import { NodeLedger } from './ledger.ts'
import { modelMatcher } from './standing.ts'
import type { NodeSnapshot } from './types.ts'

/** How many kinds are remembered for the next plan, and kinds times nodes; and for how many plans nobody need ask for a kind. */
const mostKinds = 1_000
const mostRemembered = 250_000
const longest = 64
/** After so many plans it begins anew. */
const longestLife = 10_000

interface Shelf {
  readonly kind: Kind
  /** How many of the changes it has seen. */
  known: number
  /** The last plan that asked for it. */
  askedIn: number
}

export class Stock {
  #ledgers: NodeLedger[] = []
  #places: ReadonlyMap<NodeId, number> = new Map()
  #builds = new Builds()
  #matches = modelMatcher()
  readonly #shelves = new Map<string, Shelf>()
  /** Places of nodes at which something has changed, in order. */
  readonly #changes: number[] = []
  /** Of each place, which of the changes is its last. */
  readonly #last: number[] = []
  #plan = 0
  /** Since which plan it has remembered anything. */
  #begunIn = 0
  /** Keys of kinds that nobody asks for any more in this plan. */
  #done: string[] = []

  /** How many kinds of requests it remembers. */
  get kinds(): number {
    return this.#shelves.size
  }

  /** How many ways of being built it tells apart. */
  get builds(): number {
    return this.#builds.size
  }

  /** Before every plan: what the nodes really have. */
  renew(nodes: readonly NodeSnapshot[]): void {
    this.#plan += 1
    this.#done = []
    const isSameMesh =
      nodes.length === this.#ledgers.length && nodes.every(({ id }, place) => this.#ledgers[place]?.node.id === id)
    // What nodes were built like once, and models that were asked for once, would be remembered for ever.
    const isOld = this.#begunIn + longestLife < this.#plan || this.#builds.size > 2 * nodes.length + mostKinds
    if (!isSameMesh || isOld) {
      this.#begin(nodes)
      return
    }
    this.#tidy()
    for (const [place, node] of nodes.entries()) {
      const ledger = this.#ledgers[place]
      if (ledger?.node === node && ledger.version === 0) continue
      this.#ledgers[place] = this.#ledgerOf(node)
      this.#note(place)
    }
  }

  placeOf(node: NodeId): number | null {
    return this.#places.get(node) ?? null
  }

  /** Something was taken there. */
  changed(node: NodeId): void {
    const place = this.#places.get(node)
    if (place !== undefined) this.#note(place)
  }

  /** As of now. `key` tells apart what does not fit the same nodes. */
  kindOf(key: string, spec: WorkloadSpec): Kind {
    const shelf = this.#shelves.get(key)
    if (shelf !== undefined) {
      shelf.askedIn = this.#plan
      this.#catchUp(shelf)
      return shelf.kind
    }
    this.#makeRoom()
    const kind = new Kind(spec, { builds: this.#builds, matches: this.#matches })
    for (const [place, ledger] of this.#ledgers.entries()) kind.look(place, ledger)
    this.#shelves.set(key, { kind, known: this.#changes.length, askedIn: this.#plan })
    return kind
  }

  /** This plan needs the kind no more. */
  done(key: string): void {
    this.#done.push(key)
  }

  /** For one kind more: of those that are done the last, so that the others are known to the next plan. */
  #makeRoom(): void {
    while (this.#shelves.size >= this.#most) {
      const last = this.#done.pop()
      if (last === undefined) return
      this.#shelves.delete(last)
    }
  }

  get #most(): number {
    return Math.min(mostKinds, Math.floor(mostRemembered / Math.max(1, this.#ledgers.length)))
  }

  #begin(nodes: readonly NodeSnapshot[]): void {
    this.#begunIn = this.#plan
    this.#builds = new Builds()
    this.#matches = modelMatcher()
    this.#ledgers = nodes.map((node) => this.#ledgerOf(node))
    this.#places = new Map(nodes.map(({ id }, place) => [id, place]))
    this.#shelves.clear()
    this.#changes.length = 0
  }

  #ledgerOf(node: NodeSnapshot): NodeLedger {
    return new NodeLedger(node, node.inventory === null ? undefined : this.#builds.chooser(node.inventory))
  }

  #note(place: number): void {
    this.#last[place] = this.#changes.length
    this.#changes.push(place)
  }

  /** Once at each node, however often it has changed. */
  #catchUp(shelf: Shelf): void {
    for (; shelf.known < this.#changes.length; shelf.known += 1) {
      const place = this.#changes[shelf.known]
      if (place === undefined || this.#last[place] !== shelf.known) continue
      const ledger = this.#ledgers[place]
      if (ledger !== undefined) shelf.kind.look(place, ledger)
    }
  }

  /** Forgets kinds that nobody has asked for lately, and changes that all others know. */
  #tidy(): void {
    const shelves = [...this.#shelves].toSorted(([, a], [, b]) => b.askedIn - a.askedIn)
    const most = this.#most
    for (const [i, [key, { askedIn }]] of shelves.entries())
      if (i >= most || askedIn < this.#plan - longest) this.#shelves.delete(key)
    if (this.#changes.length < this.#ledgers.length) return
    for (const shelf of this.#shelves.values()) {
      this.#catchUp(shelf)
      shelf.known = 0
    }
    this.#changes.length = 0
  }
}
