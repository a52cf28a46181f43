/** Where a workload that waits could run if somebody ended. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { NodeLedger } from '../scheduler/ledger.ts'
import { modelMatcher, standingOf } from '../scheduler/standing.ts'
import type { NodeSnapshot } from '../scheduler/types.ts'
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
  /** As it is now, with all residents. */
  readonly room: Room
  readonly residents: readonly Resident[]
}

/** The nodes that could run it if they were empty, but for those that are taken. */
export function* places({ spec }: Workload, { nodes, taken, residentsOf }: Field): Generator<Place> {
  const matches = modelMatcher()
  for (const node of nodes) {
    if (taken.has(node.id)) continue
    const standing = standingOf(node, spec, matches)
    if ('one' in standing) continue
    yield { node, room: new Room(new NodeLedger(node), spec, standing), residents: residentsOf(node.id) }
  }
}
