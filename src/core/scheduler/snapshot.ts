/** The scheduler's view of the mesh: the committed state, and of the gossip only who answers and which devices have failed. */
import type { GroupId, NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { readinessOf } from '../queue/dependencies.ts'
import { accountsOf } from '../queue/share.ts'
import type { Reservations } from '../queue/reservation.ts'
import { partsOf } from '../state/groups.ts'
import type { MeshState } from '../state/types.ts'
import { NodeViews } from './node-views.ts'
import { isSpreadArray } from './wishes.ts'
import type { Observed, Snapshot } from './types.ts'

type Source = Pick<
  MeshState,
  | 'members'
  | 'workloads'
  | 'pending'
  | 'groups'
  | 'holders'
  | 'shares'
  | 'usage'
  | 'residents'
  | 'images'
  | 'namespaces'
  | 'spending'
  | 'consumed'
  | 'volumes'
>

interface Kept {
  /** Those of the snapshot before, so that what has not changed is the same. */
  readonly views?: NodeViews
  readonly reservations?: Reservations
}

export function snapshotOf(
  state: Source,
  observe: (node: NodeId) => Observed,
  at: Instant,
  { views = new NodeViews(), reservations = new Map() }: Kept = {},
): Snapshot {
  const pending = Array.from(state.pending, (id) => state.workloads.get(id)).filter((one) => one !== undefined)
  return {
    at,
    nodes: views.look(state, observe),
    pending,
    accounts: accountsOf(state, state.members.keys(), at),
    placedParts: placedParts(pending, state),
    images: state.images,
    kin: kinOf(pending, state),
    blocked: new Map(pending.flatMap((workload) => blockOf(workload, state))),
    reservations,
  }
}

function placedParts(pending: readonly Workload[], state: Source): ReadonlyMap<GroupId, number> {
  const limited = pending.flatMap(({ part, spec }) => (part === null || spec.parts?.atOnce === undefined ? [] : [part]))
  const groups = new Set(limited.map(({ group }) => group))
  return new Map(Array.from(groups, (group) => [group, partsOf(state, group).filter(hasPlace).length]))
}

const hasPlace = ({ state, placement }: Workload): boolean => placement !== null && !isTerminal(state)

/** Of an array that is to be spread, where its parts are; of other work, where that was which it waited for. */
function kinOf(pending: readonly Workload[], state: Source): Snapshot['kin'] {
  const kin = new Map<GroupId | WorkloadId, readonly NodeId[]>()
  for (const { id, spec, part } of pending) {
    const isSpread = part !== null && isSpreadArray(spec)
    if (isSpread ? kin.has(part.group) : spec.dependencies === undefined) continue
    const others = isSpread
      ? partsOf(state, part.group).filter(hasPlace)
      : (spec.dependencies ?? []).map(({ workload }) => state.workloads.get(workload as WorkloadId))
    const nodes = others.flatMap((other) => other?.placement?.node ?? [])
    kin.set(isSpread ? part.group : id, nodes)
  }
  return kin
}

function blockOf(workload: Workload, state: Source): readonly (readonly [WorkloadId, string])[] {
  const readiness = readinessOf(workload, state)
  return readiness.state === 'ready' ? [] : [[workload.id, readiness.reason]]
}
