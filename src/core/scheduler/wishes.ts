/**
 * What speaks for a node besides what it has to offer: the zone that it is in, and that it has the image. It decides only between nodes
 * on which the work is equally well off.
 */
import type { GroupId, NodeId, WorkloadId } from '../../model/ids.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import type { Snapshot } from './types.ts'

export interface Wish {
  /** Places of nodes, the most wished for first; each in one or several sets. */
  readonly tiers: readonly (readonly Places[])[]
  /** In words that follow `12 nodes could run it, and`. */
  readonly words: string
  readonly isForZone: boolean
}

type Places = ReadonlySet<number>

/** The label by which a node says in which zone it is. */
const zoneLabel = 'zone'

export const isSpreadArray = ({ strategy, parts }: WorkloadSpec): boolean =>
  strategy === 'spread' && parts !== undefined && !parts.gang

export class Wishes {
  readonly #snapshot: Snapshot
  readonly #places = new Map<NodeId, number>()
  readonly #holders = new Map<string, Places>()
  /** By zone; of nodes that name none there is nothing to say. */
  #zones: ReadonlyMap<string, Places> | null = null
  /** How many there are in each zone of what matters to an array, or a workload; what this plan places counts. */
  readonly #counts = new Map<GroupId | WorkloadId, Map<string, number>>()

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  of(workload: Workload): readonly Wish[] {
    const zone = this.#zoneFor(workload)
    const holders = this.#holdersOf(workload.spec.image)
    const image = holders.size === 0 ? [] : [{ tiers: [[holders]], words: 'this one has its image', isForZone: false }]
    return zone === null ? image : [zone, ...image]
  }

  placed({ spec, part }: Workload, node: NodeId): void {
    if (part !== null && isSpreadArray(spec)) this.#count(this.#countsFor(part.group), node)
  }

  #zoneFor({ id, spec, part }: Workload): Wish | null {
    if (part !== null && isSpreadArray(spec)) {
      const tiers = this.#tiersOf(this.#countsFor(part.group))
      return { tiers, words: 'in its zone are fewest of the other parts', isForZone: true }
    }
    if (!this.#snapshot.kin.has(id)) return null
    const counts = this.#countsFor(id)
    const near = this.#tiersOf(counts, [...counts.keys()]).toReversed()
    return near.length === 0 ? null : { tiers: near, words: 'in its zone was what it waited for', isForZone: true }
  }

  #countsFor(key: GroupId | WorkloadId): Map<string, number> {
    const known = this.#counts.get(key)
    if (known !== undefined) return known
    const counts = new Map<string, number>()
    for (const node of this.#snapshot.kin.get(key) ?? []) this.#count(counts, node)
    this.#counts.set(key, counts)
    return counts
  }

  #count(counts: Map<string, number>, node: NodeId): void {
    const place = this.#placeOf(node)
    const zone = place === undefined ? undefined : this.#snapshot.nodes[place]?.labels[zoneLabel]
    if (zone !== undefined) counts.set(zone, 1 + (counts.get(zone) ?? 0))
  }

  /** Zones with equally many together, the fewest first. */
  #tiersOf(
    counts: ReadonlyMap<string, number>,
    zones = [...this.#zonesOfMesh().keys()],
  ): readonly (readonly Places[])[] {
    const tiers = Map.groupBy(zones, (zone) => counts.get(zone) ?? 0)
    return [...tiers]
      .toSorted(([a], [b]) => a - b)
      .map(([, some]) => some.flatMap((zone) => this.#zonesOfMesh().get(zone) ?? []))
  }

  #zonesOfMesh(): ReadonlyMap<string, Places> {
    if (this.#zones !== null) return this.#zones
    const zones = new Map<string, Set<number>>()
    for (const [place, { labels }] of this.#snapshot.nodes.entries()) {
      const zone = labels[zoneLabel]
      if (zone !== undefined) zones.set(zone, (zones.get(zone) ?? new Set<number>()).add(place))
    }
    this.#zones = zones
    return zones
  }

  #holdersOf(image: string): Places {
    const known = this.#holders.get(image)
    if (known !== undefined) return known
    const nodes = [...(this.#snapshot.images.get(image)?.keys() ?? [])]
    const holders = new Set(nodes.flatMap((node) => this.#placeOf(node) ?? []))
    this.#holders.set(image, holders)
    return holders
  }

  #placeOf(node: NodeId): number | undefined {
    if (this.#places.size === 0)
      for (const [place, { id }] of this.#snapshot.nodes.entries()) this.#places.set(id, place)
    return this.#places.get(node)
  }
}
