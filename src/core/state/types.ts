/** The replicated state, and the commands that are the only way to change it. Every peer of the mesh holds the same. */
import type { Cron } from '../../model/cron.ts'
import type { ApiKey, JoinToken, Role, User } from '../../model/access.ts'
import type { Deployment } from '../../model/deployment.ts'
import type { FailureBody } from '../../model/failure.ts'
import type {
  CronId,
  DeploymentId,
  GroupId,
  JobId,
  MeshId,
  NodeId,
  PlacementId,
  WorkflowId,
  WorkloadId,
} from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import type { RanImage } from '../../model/image.ts'
import type { Taint, TaintName } from '../../model/label.ts'
import type { ExecutorKind, Liveness, Member, NodeInventory, Scheduling } from '../../model/node.ts'
import type { Namespace, Quota, WorkLimitsPatch } from '../../model/namespace.ts'
import type { Policy } from '../../model/policy.ts'
import type { MeteredDay, Prices } from '../../model/prices.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Workflow } from '../../model/workflow.ts'
import type { Workload, WorkloadError, WorkloadSpec } from '../../model/workload.ts'
import type { CronCommand } from './cron-commands.ts'
import type { AccessCommand } from './access-commands.ts'
import type { DeploymentCommand } from './deployment-commands.ts'
import type { JobCommand } from './job-commands.ts'
import type { WorkflowCommand } from './workflow-commands.ts'
import type { Kept, KeptCommand } from './kept.ts'
import type { PolicyCommand } from './policy-commands.ts'
import type { VaultCommand, VaultState } from './vault-commands.ts'

/** Who the mesh is. Fixed at its founding; the mesh id is the hash of it. */
export interface Genesis {
  readonly name: string
  /** Ed25519 public key of the mesh, base64. Signs membership certificates. */
  readonly publicKey: string
  readonly founder: NodeId
  readonly createdAt: Instant
}

/** A key that may attach to any peer from outside. It is the key of the user of that name; without such a user it may do everything. */
export interface Operator {
  readonly key: NodeId
  readonly name: string
  readonly addedAt: Instant
}

/** Something worth telling. Kept for the last few thousand changes. */
export interface MeshEvent {
  /** Rises by one with every event of the mesh. */
  readonly sequence: number
  readonly at: Instant
  readonly type: string
  readonly node: NodeId | null
  readonly workload: WorkloadId | null
  /** Of what is of one, and is no workload: who may look into it is told. */
  readonly namespace?: string
  readonly message: string
  /** Of what somebody told the mesh; what the mesh itself says has neither. */
  readonly source?: string
  readonly severity?: Severity
}

export const severities = ['info', 'warning', 'error'] as const
export type Severity = (typeof severities)[number]

/** An amount of memory. */
export type Mib = number

/** What the live placements of one node take from it. CPU in thousandths of a core, so that sums stay exact. */
export interface Usage {
  readonly cpuMillis: number
  readonly memoryMib: number
  readonly placements: number
}

/** What the work of a namespace takes now: the first three by what has a place, the last by all that has not ended. */
export interface Spending {
  /** In thousandths of a device, so that sums of shares stay exact. */
  readonly gpuMillis: number
  readonly cpuMillis: number
  readonly memoryMib: number
  readonly workloads: number
}

/** One decision on a workload, such as where it goes or why it waits. */
export interface NotedDecision {
  readonly at: Instant
  /** `workload.placed`, `workload.waits` and so on. */
  readonly type: string
  readonly message: string
}

export interface MeshState extends Kept, VaultState {
  readonly mesh: { readonly id: MeshId; readonly genesis: Genesis } | null
  /** Of what may stand in the log and in snapshots. Never falls; see `versions.ts`. */
  readonly version: number
  /** Rises with every membership change. */
  readonly epoch: number
  readonly members: ReadonlyMap<NodeId, Member>
  /** Peers that were removed, with the epoch of it: their certificates count no more. */
  readonly removed: ReadonlyMap<NodeId, number>
  readonly tokens: ReadonlyMap<string, JoinToken>
  /** The mesh's private key, sealed to each node that may lead, base64. */
  readonly sealedKeys: ReadonlyMap<NodeId, string>
  readonly operators: ReadonlyMap<NodeId, Operator>
  /** Roles besides those that every mesh has. */
  readonly roles: ReadonlyMap<string, Role>
  readonly users: ReadonlyMap<string, User>
  readonly apikeys: ReadonlyMap<string, ApiKey>
  readonly namespaces: ReadonlyMap<string, Namespace>
  /** GPU-seconds that the ended placements of each namespace took, by the period in which they ended; oldest first. */
  readonly consumed: ReadonlyMap<string, readonly (readonly [period: number, amount: number])[]>
  /** What placements of each namespace took by the day, in more detail; oldest first. */
  readonly metered: ReadonlyMap<string, readonly MeteredDay[]>
  readonly policies: ReadonlyMap<string, Policy>
  /** Null until somebody has set some. */
  readonly prices: Prices | null
  readonly workloads: ReadonlyMap<WorkloadId, Workload>
  readonly deployments: ReadonlyMap<DeploymentId, Deployment>
  readonly jobs: ReadonlyMap<JobId, Job>
  readonly crons: ReadonlyMap<CronId, Cron>
  readonly workflows: ReadonlyMap<WorkflowId, Workflow>
  /** The last decisions on each workload, oldest first. One on which none was taken has no entry. */
  readonly decisions: ReadonlyMap<WorkloadId, readonly NotedDecision[]>
  /** Names of workloads that have not ended. */
  readonly names: ReadonlyMap<string, WorkloadId>
  /** Replicas of each deployment that are known, also those that have ended. */
  readonly replicas: ReadonlyMap<DeploymentId, ReadonlySet<WorkloadId>>
  /** Runs of each job that are known, also those that have ended. */
  readonly runs: ReadonlyMap<JobId, ReadonlySet<WorkloadId>>
  /** What was submitted together and is still known: the parts by their index. */
  readonly groups: ReadonlyMap<GroupId, ReadonlyMap<number, WorkloadId>>
  /** Workloads that wait for a placement, in no order that means anything. */
  readonly pending: ReadonlySet<WorkloadId>
  /** What each namespace’s work takes. One without live work has no entry. */
  readonly spending: ReadonlyMap<string, Spending>
  /** Which live placement holds a device whole, by the device's uuid. */
  readonly holders: ReadonlyMap<string, PlacementId>
  /** Which live placements have a share of a device, and of how much of its memory, by the device's uuid. None without an entry. */
  readonly shares: ReadonlyMap<string, ReadonlyMap<PlacementId, Mib>>
  /** What live placements take from each node. A node without any has no entry. */
  readonly usage: ReadonlyMap<NodeId, Usage>
  /** Workloads with a live placement on a node. A node without any has no entry. */
  readonly residents: ReadonlyMap<NodeId, ReadonlySet<WorkloadId>>
  /** By image: the nodes on which a container of it was started, and by how many workloads that are still known. */
  readonly images: ReadonlyMap<string, ReadonlyMap<NodeId, number>>
  /** What the leader last recorded of each member's liveness. For history; the detector's own view is fresher. */
  readonly liveness: ReadonlyMap<NodeId, Liveness>
  readonly events: readonly MeshEvent[]
  /** Log index up to which commands have been applied, and the time of the last. Time never goes back. */
  readonly index: number
  readonly at: Instant
}

export type Command =
  | {
      readonly type: 'found'
      readonly id: MeshId
      readonly genesis: Genesis
      readonly founder: NewMember
      readonly sealedKey: string
    }
  | { readonly type: 'create-token'; readonly token: Omit<JoinToken, 'usedBy'> }
  | { readonly type: 'admit'; readonly tokenId: string; readonly secretHash: string; readonly member: NewMember }
  | {
      readonly type: 'update-member'
      readonly node: NodeId
      readonly addresses?: readonly string[]
      readonly labels?: Readonly<Record<string, string>>
      /** What changes of the labels; null takes one away. Two of these at once both count. */
      readonly labelPatch?: Readonly<Record<string, string | null>>
    }
  | { readonly type: 'remove-member'; readonly node: NodeId; readonly force: boolean }
  | { readonly type: 'report-inventory'; readonly node: NodeId; readonly inventory: NodeInventory }
  | { readonly type: 'record-liveness'; readonly node: NodeId; readonly liveness: Liveness }
  | { readonly type: 'seal-mesh-key'; readonly node: NodeId; readonly sealedKey: string }
  | { readonly type: 'add-operator'; readonly key: NodeId; readonly name: string }
  | { readonly type: 'remove-operator'; readonly key: NodeId }
  /** With parts, `workload` becomes the group's id, and `name` the beginning of the parts' names. */
  | { readonly type: 'submit'; readonly workload: WorkloadId; readonly name: string; readonly spec: WorkloadSpec }
  | {
      readonly type: 'place'
      readonly workload: WorkloadId
      readonly attempt: number
      readonly node: NodeId
      readonly devices: readonly string[]
      readonly executor: ExecutorKind
      /** Why there, in words. */
      readonly because?: string
    }
  /** All parts of a gang at once, in the order of their ranks. */
  | {
      readonly type: 'place-gang'
      readonly group: GroupId
      readonly attempt: number
      readonly places: readonly Place[]
      readonly because?: string
    }
  | { readonly type: 'claim'; readonly placement: PlacementId; readonly node: NodeId }
  | { readonly type: 'reject'; readonly placement: PlacementId; readonly node: NodeId; readonly reason: string }
  /** The leader takes back a placement that its node has not claimed, because the node is silent. */
  | { readonly type: 'withdraw'; readonly placement: PlacementId; readonly reason: string }
  | {
      readonly type: 'report-starting'
      readonly placement: PlacementId
      readonly node: NodeId
      readonly progress: string
    }
  | {
      readonly type: 'report-running'
      readonly placement: PlacementId
      readonly node: NodeId
      readonly startedAt: Instant
      readonly image?: RanImage
      /** Where it is in the overlay. Counts only when it is one of those that its node may give. */
      readonly overlayAddress?: string
    }
  /** It was told to save what it has done so far. */
  | { readonly type: 'report-checkpoint'; readonly placement: PlacementId; readonly node: NodeId; readonly at: Instant }
  /** What its probes say has changed. */
  | {
      readonly type: 'report-health'
      readonly placement: PlacementId
      readonly node: NodeId
      readonly ready: boolean
      /** Which probe says why not, in words; null when it is ready. */
      readonly reason: string | null
      readonly at: Instant
    }
  | {
      readonly type: 'report-ended'
      readonly placement: PlacementId
      readonly node: NodeId
      readonly endedAt: Instant
      readonly exitCode: number | null
      readonly error: WorkloadError | null
      /** It ended before its node told it to. */
      readonly unasked?: true
      /** What ran, when it was over before it was reported to run. */
      readonly image?: RanImage
      /** What a run of a job hands on. */
      readonly result?: string
    }
  /** Has the node stop it, then lets it be placed again. */
  | {
      readonly type: 'evict'
      readonly placement: PlacementId
      readonly reason: string
      /** Null for the workload's own. */
      readonly grace: Millis | null
      readonly target: NodeId | null
      /** Whether its node is to be avoided for a while; one that is closed need not be. */
      readonly avoid: boolean
    }
  /** The leader gives up what a silent node had claimed, and lets it be placed again. */
  | { readonly type: 'lose'; readonly placement: PlacementId; readonly reason: string }
  /** The leader keeps with a workload why it waits. */
  | { readonly type: 'note-wait'; readonly workload: WorkloadId; readonly reason: string }
  /** The leader ends a workload that waits for what cannot be any more. */
  | { readonly type: 'give-up'; readonly workload: WorkloadId }
  | {
      readonly type: 'update-taints'
      readonly node: NodeId
      /** Each in place of the one with its key and effect. Two of these commands at once both count. */
      readonly add: readonly Taint[]
      /** Goes first. */
      readonly remove: readonly TaintName[]
    }
  | {
      readonly type: 'set-scheduling'
      readonly node: NodeId
      readonly mode: Scheduling['mode']
      readonly reason: string
      readonly grace: Millis | null
    }
  /** Of a workload, and of the gang that it belongs to; or of all parts of a group. */
  | {
      readonly type: 'request-stop'
      readonly workload: WorkloadId | GroupId
      readonly force: boolean
      /** In the words of whoever stops it. */
      readonly reason?: string
    }
  | {
      readonly type: 'create-namespace'
      readonly name: string
      readonly quota: Quota
      readonly weight: number
      readonly borrow: boolean
      readonly defaults?: WorkLimitsPatch
      readonly maxima?: WorkLimitsPatch
    }
  /** What is left out stays as it is. */
  | {
      readonly type: 'update-namespace'
      readonly name: string
      readonly quota?: Partial<Quota>
      readonly weight?: number
      readonly borrow?: boolean
      readonly defaults?: WorkLimitsPatch
      readonly maxima?: WorkLimitsPatch
    }
  | { readonly type: 'remove-namespace'; readonly name: string }
  | DeploymentCommand
  | KeptCommand
  | JobCommand
  | CronCommand
  | WorkflowCommand
  | PolicyCommand
  | AccessCommand
  | VaultCommand
  /** Somebody wants an event kept. */
  | {
      readonly type: 'tell'
      readonly node: NodeId
      readonly source: string
      readonly severity: Severity
      readonly message: string
    }
  | { readonly type: 'prune'; readonly workloads: readonly WorkloadId[] }
  /** From here on the log may hold what came with that version. Who does not apply it stops before this command. */
  | { readonly type: 'raise-version'; readonly version: number }

export interface Place {
  readonly node: NodeId
  /** Uuids. */
  readonly devices: readonly string[]
  readonly executor: ExecutorKind
}

export type CommandOf<T extends Command['type']> = Extract<Command, { readonly type: T }>

/** What a node says of itself when it joins. */
export type NewMember = Pick<Member, 'id' | 'name' | 'labels' | 'roles' | 'addresses' | 'sealKey'>

/** A command as it stands in the log. The leader stamps `at`. `id` makes it idempotent: a second one gets the first's result. */
export interface Entry {
  readonly id: string
  readonly at: Instant
  /** Who asked: a node's or operator's key, `token:<name>`, or `socket`. */
  readonly by: string
  /** The peer that handed it to the leader and vouches for `by`; null when the leader itself did, or a member that speaks for itself. */
  readonly via: NodeId | null
  readonly command: Command
}

/** What a command led to. Normal refusals are values, so that every peer agrees on them. */
export type Outcome =
  { readonly ok: true; readonly value: OutcomeValue } | { readonly ok: false; readonly failure: FailureBody }

export interface OutcomeValue {
  readonly workload?: WorkloadId
  readonly placement?: PlacementId
  readonly deployment?: DeploymentId
  readonly job?: JobId
  readonly cron?: CronId
  readonly workflow?: WorkflowId
  readonly node?: NodeId
  readonly epoch?: number
}

/** What changed, for those who watch. */
export type Change =
  | { readonly type: 'mesh' | 'molt' | 'overlay' | 'ingress' | 'network-policy' }
  | { readonly type: 'member'; readonly node: NodeId }
  | { readonly type: 'operator'; readonly key: NodeId }
  /** Who may do what. */
  | { readonly type: 'access' }
  | { readonly type: 'namespace'; readonly name: string }
  | { readonly type: 'policy'; readonly name: string }
  | { readonly type: 'workload'; readonly workload: WorkloadId }
  | { readonly type: 'deployment'; readonly deployment: DeploymentId }
  | { readonly type: 'job'; readonly job: JobId }
  | { readonly type: 'cron'; readonly cron: CronId }
  | { readonly type: 'workflow'; readonly workflow: WorkflowId }
  | { readonly type: 'backup'; readonly backup: string }
  | { readonly type: 'event'; readonly event: MeshEvent }
