/** What the scheduler looks at, and what it decides. All of it is data; nothing here is a clock or a network. */
import type { GroupId, NodeId, WorkloadId } from '../../model/ids.ts'
import type { Taint } from '../../model/label.ts'
import type { ExecutorKind, Liveness, NodeInventory, Scheduling } from '../../model/node.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import type { Accounts } from '../queue/share.ts'
import type { Reservations } from '../queue/reservation.ts'
import type { Mib, Place, Usage } from '../state/types.ts'

export interface NodeSnapshot {
  readonly id: NodeId
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly liveness: Liveness
  /** Null until the node has reported itself. */
  readonly inventory: NodeInventory | null
  /** Uuids of devices that live placements hold whole. */
  readonly held: ReadonlySet<string>
  /** How much memory of devices live placements have shares of, by uuid. */
  readonly shared: ReadonlyMap<string, Mib>
  /** Uuids of devices that the node itself says are failed. */
  readonly failed: ReadonlySet<string>
  /** Uuids of devices that run slower than they could because they are too hot. */
  readonly hot: ReadonlySet<string>
  readonly usage: Usage
  readonly taints: readonly Taint[]
  readonly scheduling: Scheduling
  /** As the node said last; null when it has not. */
  readonly diskFreeMib: number | null
  /** It follows the mesh no more until it is upgraded. */
  readonly isOutdated?: true
  /** The labels of each workload that is placed there. */
  readonly residents: readonly Readonly<Record<string, string>>[]
  /** Groups of which a part is placed there. */
  readonly groups: ReadonlySet<GroupId>
  /** Where the data of volumes is that are on one node only, by namespace and name. The same object on all nodes, until it changes. */
  readonly bound?: ReadonlyMap<string, NodeId>
}

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

export interface Snapshot {
  readonly at: Instant
  readonly nodes: readonly NodeSnapshot[]
  /** Workloads that wait, in any order. */
  readonly pending: readonly Workload[]
  /** Pending workloads whose dependencies are not met, and in words what they wait for. */
  readonly blocked: ReadonlyMap<WorkloadId, string>
  /** What each namespace may take and has taken. */
  readonly accounts: Accounts
  /** How many parts have a place, of groups that limit how many may at a time. */
  readonly placedParts: ReadonlyMap<GroupId, number>
  /** By image: nodes that have it already, as far as the mesh knows. */
  readonly images: ReadonlyMap<string, ReadonlyMap<NodeId, unknown>>
  /** Where the parts of arrays are that are to be spread; and where that was which a workload waited for. */
  readonly kin: ReadonlyMap<GroupId | WorkloadId, readonly NodeId[]>
  /** Nodes that are kept for one workload. */
  readonly reservations: Reservations
}

export interface SchedulerSettings {
  /** How long a node that refused a workload is not asked again for it. */
  readonly avoidFor: Millis
  /** Most placements of one plan; the next plan goes on from there. */
  readonly maxPlacements: number
}

export const defaultScheduling: SchedulerSettings = { avoidFor: 30_000, maxPlacements: 256 }

export interface PlaceDecision {
  readonly decision: 'place'
  readonly workload: WorkloadId
  readonly attempt: number
  readonly node: NodeId
  readonly devices: readonly string[]
  readonly executor: ExecutorKind
  /** Why there, in words. */
  readonly because: string
}

/** All parts of a gang at once. */
export interface PlaceGangDecision {
  readonly decision: 'place-gang'
  /** The first part. */
  readonly workload: WorkloadId
  readonly group: GroupId
  readonly attempt: number
  /** In the order of the ranks. */
  readonly places: readonly Place[]
  readonly because: string
}

export interface WaitDecision {
  readonly decision: 'wait'
  readonly workload: WorkloadId
  /** Whether an empty place is all that it waits for; only then is one made, or kept. */
  readonly lacks: 'room' | 'turn'
  /** In words, such as `3 nodes considered: 2 need 4 GPUs, have 2 free; 1 has no H100`. */
  readonly reason: string
}

export type Decision = PlaceDecision | PlaceGangDecision | WaitDecision

/** Why a node does not fit, for one node (`has no H100`) and for several (`have no H100`). */
export interface Obstacle {
  readonly one: string
  readonly many: string
}

/** What would be left on a node that takes the work. Less is better, from top to bottom. */
export interface Offer {
  /** Taints that ask for another node. */
  readonly reluctance: number
  /** How many unused devices it would take a share of. */
  readonly broken: number
  /** How many hot devices it would get, of those that it does not name itself. */
  readonly hotDevices: number
  /** What its devices cost there by the hour. */
  readonly price: number
  /** From how many groups of linked devices its own would come. */
  readonly groups: number
  /** Memory that would be left to share on the devices of which it gets a share. */
  readonly shareLeftMib: number
  readonly freeDevices: number
  readonly memoryMib: number
  readonly placements: number
}
