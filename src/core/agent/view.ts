/** What the reconciler looks at: the mesh's decisions on one side, this host on the other. */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import type { ExecutorKind } from '../../model/node.ts'
import { day, type Instant, type Millis } from '../../model/time.ts'
import type { Placement, Workload, WorkloadError } from '../../model/workload.ts'
import type { TaskStatus } from '../../ports/executor.ts'
import { executionLease } from '../gateway/lease.ts'
import type { Ledger } from './device-ledger.ts'
import type { Opinion } from './health.ts'

/** A workload that the replicated state places, or placed, on this node. */
export type Assigned = Workload & {
  readonly placement: Placement
  /** Null for what is not part of a gang. */
  readonly gang: GangView | null
  /** It is a replica of a deployment that takes requests. */
  readonly serves?: true
}

export interface GangView {
  /** How many of its parts their nodes have claimed. It starts when all are. */
  readonly claimed: number
  readonly size: number
  /** Addresses of the nodes of its parts, by rank, as other nodes reach them; null for one that has none. */
  readonly hosts: readonly (string | null)[]
  /** Where its parts meet: a port on the node of the first. */
  readonly port: number
}

/** A task that an executor of this host knows. */
export interface KnownTask {
  readonly executor: ExecutorKind
  readonly status: TaskStatus
}

/** A start that failed. Nothing was left behind. */
export interface StartFailure {
  readonly error: WorkloadError
  /** When the first of a row of failures was, and when the last. */
  readonly since: Instant
  readonly at: Instant
}

export interface Told {
  readonly at: Instant
  readonly isCutOff: boolean
  /** Which probe said that it was not well, when that is why. */
  readonly unhealthy?: string
}

/** It was told to save before it leaves. */
export interface Save {
  /** When that was first tried. */
  readonly since: Instant
  readonly isSent: boolean
}

export interface AgentView {
  readonly node: NodeId
  /** The replicated state here holds everything that was acknowledged before this daemon adopted its tasks. */
  readonly fresh: boolean
  readonly assigned: ReadonlyMap<PlacementId, Assigned>
  /** For how long this node has been in touch with no leader. */
  readonly cutOffFor: Millis
  /** What this daemon has told to stop, when first, and whether only because it was cut off. */
  readonly told: ReadonlyMap<PlacementId, Told>
  /** When this daemon last told work that stays to save. */
  readonly checkpoints: ReadonlyMap<PlacementId, Instant>
  /** What this daemon has told to save before it leaves. What an earlier daemon has told is told again. */
  readonly saves: ReadonlyMap<PlacementId, Save>
  /** Since when what is to be stopped gets no more requests. An earlier daemon's word is forgotten. */
  readonly letGo: ReadonlyMap<PlacementId, Instant>
  /** What the probes of this daemon say. What runs and is asked nothing has no entry. */
  readonly opinions: ReadonlyMap<PlacementId, Opinion>
  /** Tasks of an earlier daemon, which may have told them to stop: this one cannot know. */
  readonly adopted: ReadonlySet<PlacementId>
  readonly ledger: Ledger
  readonly tasks: ReadonlyMap<PlacementId, KnownTask>
  /** Executors of this host, and whether all of their tasks are known yet. */
  readonly executors: ReadonlyMap<ExecutorKind, 'ready' | 'unknown'>
  readonly failures: ReadonlyMap<PlacementId, StartFailure>
  /** Devices of this host that work, and how much memory each has, MiB. Null until they were looked at. */
  readonly devices: ReadonlyMap<string, number> | null
  /** Whether the owner of this host lets several workloads share one GPU. */
  readonly sharing: boolean
  readonly at: Instant
}

export interface AgentSettings {
  /** For how long a start is tried again while the executor does not answer. */
  readonly startPatience: Millis
  readonly startRetry: Millis
  /** After so long without a leader, work with `onPartition: stop` is stopped: the mesh will place it again. */
  readonly lease: Millis
  /** Ended tasks are kept for their logs: so many, for so long. */
  readonly keepEnded: number
  readonly keepEndedFor: Millis
  /** Grace of tasks whose workload is not known any more. */
  readonly strayGrace: Millis
}

export const agentSettings: AgentSettings = {
  startPatience: 60_000,
  startRetry: 2_000,
  lease: executionLease,
  keepEnded: 1_000,
  keepEndedFor: 7 * day,
  strayGrace: 10_000,
}
