/** The scheduler's view of the mesh: the committed state, and of the gossip only who answers and which devices have failed. */
import type { GroupId, NodeId, WorkloadId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { readinessOf } from '../queue/dependencies.ts'
import { accountsOf } from '../queue/share.ts'
import type { Reservations } from '../queue/reservation.ts'
import { sharedMib } from '../state/devices.ts'
import { partsOf } from '../state/groups.ts'
import { usageOf, workloadsAt } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'
import type { Snapshot } from './types.ts'

/** What the membership plane knows of a node. */
export interface Observed {
  readonly liveness: Liveness
  /** Uuids of its devices that are failed. */
  readonly failed: ReadonlySet<string>
  /** Uuids of its devices that are slowed down by heat. */
  readonly hot: ReadonlySet<string>
  readonly diskFreeMib: number | null
  /** It follows the mesh no more until it is upgraded, so it cannot claim anything. */
  readonly isOutdated?: true
}

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
  | 'namespaces'
  | 'spending'
  | 'consumed'
>

export function snapshotOf(
  state: Source,
  observe: (node: NodeId) => Observed,
  at: Instant,
  reservations: Reservations = new Map(),
): Snapshot {
  const pending = Array.from(state.pending, (id) => state.workloads.get(id)).filter((one) => one !== undefined)
  return {
    at,
    nodes: Array.from(state.members.values(), ({ id, name, labels, taints, scheduling, inventory }) => {
      const here = workloadsAt(state, id)
      const uuids = (inventory?.gpus ?? []).map(({ uuid }) => uuid)
      return {
        ...{ id, name, labels, taints, scheduling, inventory },
        ...observe(id),
        held: new Set(uuids.filter((uuid) => state.holders.has(uuid))),
        shared: new Map(uuids.filter((uuid) => state.shares.has(uuid)).map((uuid) => [uuid, sharedMib(state, uuid)])),
        usage: usageOf(state, id),
        residents: here.map(({ spec }) => spec.labels ?? {}),
        groups: new Set(here.flatMap(({ part }) => (part === null ? [] : [part.group]))),
      }
    }),
    pending,
    accounts: accountsOf(state, state.members.keys(), at),
    placedParts: placedParts(pending, state),
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

function blockOf(workload: Workload, state: Source): readonly (readonly [WorkloadId, string])[] {
  const readiness = readinessOf(workload, state)
  return readiness.state === 'ready' ? [] : [[workload.id, readiness.reason]]
}
