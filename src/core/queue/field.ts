/** Where a workload that waits could run if somebody ended. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { NodeLedger } from '../scheduler/ledger.ts'
import { modelMatcher, standingOf } from '../scheduler/standing.ts'
import type { NodeSnapshot } from '../scheduler/types.ts'
import type { Ask } from './ask.ts'
import type { Resident } from './resident.ts'
import { Room } from './room.ts'

export interface Field {
  readonly nodes: readonly NodeSnapshot[]
  readonly residentsOf: (node: NodeId) => readonly Resident[]
  readonly at: Instant
  /** Nodes that others are waiting for already. */
  readonly taken: ReadonlySet<NodeId>
}

export interface Place {
  readonly node: NodeSnapshot
  /** As it is now, with all residents, for so many parts of it. */
  readonly roomFor: (count: number) => Room
  readonly residents: readonly Resident[]
}

/** The nodes that could run it, or a part of it, if they were empty, but for those that are taken. */
function* places(spec: WorkloadSpec, { nodes, taken, residentsOf }: Field): Generator<Place> {
  const matches = modelMatcher()
  for (const node of nodes) {
    if (taken.has(node.id)) continue
    const standing = standingOf(node, spec, matches)
    if ('one' in standing) continue
    const roomFor = (count: number): Room => new Room(new NodeLedger(node), standing, { spec, count })
    yield { node, roomFor, residents: residentsOf(node.id) }
  }
}

/** What it takes to have one part or several on a node. */
export interface Way<T> {
  readonly node: NodeId
  readonly what: T
}

export interface WaySettings<T> {
  /** What it takes to have so many parts there; null when that cannot be. */
  readonly price: (place: Place, count: number) => T | null
  /** Negative when one part more in the first way is better than in the second. `before` is what one part less takes. */
  readonly compare: (a: Step<T>, b: Step<T>) => number
}

export interface Step<T> {
  readonly before: T | null
  readonly after: T
}

/** Part by part, each where one more costs least. Null when there are not as many places as parts. */
export function cheapestWays<T>(
  { lead, parts }: Ask,
  field: Field,
  { price, compare }: WaySettings<T>,
): readonly Way<T>[] | null {
  const most = lead.spec.parts?.ownNodes === true ? 1 : parts.length
  const open: { readonly place: Place; count: number; next: Step<T> }[] = []
  for (const place of places(lead.spec, field)) {
    const first = price(place, 1)
    if (first !== null) open.push({ place, count: 0, next: { before: null, after: first } })
  }
  const chosen = new Map<NodeId, Way<T>>()
  for (let part = 0; part < parts.length; part += 1) {
    const [head, ...rest] = open
    if (head === undefined) return null
    const best = rest.reduce((a, b) => (compare(b.next, a.next) < 0 ? b : a), head)
    best.count += 1
    chosen.set(best.place.node.id, { node: best.place.node.id, what: best.next.after })
    const more = best.count < most && part + 1 < parts.length ? price(best.place, best.count + 1) : null
    if (more === null) open.splice(open.indexOf(best), 1)
    else best.next = { before: best.next.after, after: more }
  }
  return [...chosen.values()]
}
