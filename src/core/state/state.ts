/** The replicated state with what `apply` needs besides: the memory of outcomes, and indexes that can be rebuilt. */
import { Recent } from '../../lib/recent.ts'
import { WeighedMap } from '../../lib/weighed-map.ts'
import type { HostCertificate, TlsNode } from '../../model/certificate.ts'
import type { ApiKey, Role, User } from '../../model/access.ts'
import type { NotedHead } from '../../model/audit.ts'
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
import type { Deployment } from '../../model/deployment.ts'
import type { Cron } from '../../model/cron.ts'
import type { Job } from '../../model/job.ts'
import type { ConfigMap, Secret, Vault } from '../../model/secret.ts'
import type { Liveness, Member } from '../../model/node.ts'
import type { Workflow } from '../../model/workflow.ts'
import type { Workload } from '../../model/workload.ts'
import { firstVersion } from '../../model/version.ts'
import type { Namespace } from '../../model/namespace.ts'
import type { Policy } from '../../model/policy.ts'
import type { MeteredDay, Prices } from '../../model/prices.ts'
import type { Backup, BackupSchedule } from '../../model/backup.ts'
import type { MoltPart } from '../../model/molt.ts'
import type { Ingress } from '../../model/ingress.ts'
import type { NetworkPolicy } from '../../model/network-policy.ts'
import type { Overlay } from '../../model/overlay.ts'
import type { Volume } from '../../model/volume.ts'
import type { MoltNetwork } from './molt-commands.ts'
import type { Genesis, MeshEvent, MeshState, Mib, NotedDecision, Operator, Outcome, Spending, Usage } from './types.ts'
import type { JoinToken } from '../../model/access.ts'

/** What a command led to, and at which log index. */
export interface Result {
  readonly index: number
  readonly outcome: Outcome
}

/** Changed in place by `apply`, and only by it. Everyone else sees it as a MeshState. */
export interface State extends MeshState {
  mesh: { readonly id: MeshId; readonly genesis: Genesis } | null
  version: number
  epoch: number
  readonly members: Map<NodeId, Member>
  readonly removed: Map<NodeId, number>
  readonly tokens: Map<string, JoinToken>
  readonly sealedKeys: Map<NodeId, string>
  readonly operators: Map<NodeId, Operator>
  readonly roles: Map<string, Role>
  readonly users: Map<string, User>
  readonly apikeys: Map<string, ApiKey>
  readonly namespaces: Map<string, Namespace>
  readonly consumed: Map<string, readonly (readonly [period: number, amount: number])[]>
  readonly metered: Map<string, readonly MeteredDay[]>
  readonly policies: Map<string, Policy>
  prices: Prices | null
  readonly workloads: Map<WorkloadId, Workload>
  readonly deployments: Map<DeploymentId, Deployment>
  readonly jobs: Map<JobId, Job>
  readonly crons: Map<CronId, Cron>
  readonly workflows: Map<WorkflowId, Workflow>
  vault: Vault | null
  readonly secrets: Map<string, Secret>
  readonly configs: Map<string, ConfigMap>
  readonly decisions: Map<WorkloadId, readonly NotedDecision[]>
  readonly liveness: Map<NodeId, Liveness>
  readonly auditHeads: Map<NodeId, readonly NotedHead[]>
  readonly volumes: Map<string, Volume>
  readonly backups: Map<string, Backup>
  readonly backupSchedules: Map<string, BackupSchedule>
  readonly ingresses: Map<string, Ingress>
  readonly networkPolicies: Map<string, NetworkPolicy>
  readonly certificates: Map<string, HostCertificate>
  readonly tlsNodes: Map<NodeId, TlsNode>
  moltNetwork: MoltNetwork | null
  readonly moltParts: Map<NodeId, MoltPart>
  overlay: Overlay | null
  readonly events: MeshEvent[]
  index: number
  at: number
  /** Sequence of the last event. */
  sequence: number
  /** Of no use any more: entries that could not be read were once passed over. It stays because it is in every snapshot. */
  skipped: number
  /** Results of the last `limits.results` commands by entry id, oldest first. */
  readonly results: Recent<string, Result>
  /** The same of each node that only works, apart from all others. One that never had anything committed has no entry. */
  readonly workerResults: Map<NodeId, Recent<string, Result>>

  /** Derived: names of workloads that have not ended. */
  readonly names: Map<string, WorkloadId>
  /** Derived: replicas by their deployment. */
  readonly replicas: Map<DeploymentId, Set<WorkloadId>>
  /** Derived: runs by their job. */
  readonly runs: Map<JobId, Set<WorkloadId>>
  /** Derived: parts by their index, of all groups with a part that is known. */
  readonly groups: Map<GroupId, Map<number, WorkloadId>>
  /** Derived: workloads that wait for a placement. The order means nothing. */
  readonly pending: Set<WorkloadId>
  /** Derived: what each namespace’s work takes. */
  readonly spending: Map<string, Spending>
  /** Derived: which live placement holds a device whole, by the device's uuid. */
  readonly holders: Map<string, PlacementId>
  /** Derived: which live placements have a share of a device, and of how much of its memory, by the device's uuid. */
  readonly shares: Map<string, Map<PlacementId, Mib>>
  /** Derived: what live placements take, by node. A node without any has no entry. */
  readonly usage: Map<NodeId, Usage>
  /** Derived: workloads with a live placement, by node. A node without any has no entry. */
  readonly residents: Map<NodeId, Set<WorkloadId>>
  /** Derived: by image, on which nodes a container of it was started, and by how many of the workloads that are known and not elsewhere since. */
  readonly images: Map<string, Map<NodeId, number>>
}

/** What the state holds at most. */
export const limits = {
  /** Outcomes remembered. A command repeated later than this many others is a new one. */
  results: 10_000,
  /**
   * What is kept of work, secrets and the like as JSON, in all and of one namespace, characters; and how much it grows to by what becomes
   * of work before less is remembered of that. With all else it has to fit into one text, of which a JavaScript engine makes none longer
   * than 512 MiB.
   */
  stateBytes: 128 * 1_048_576,
  namespaceBytes: 96 * 1_048_576,
  crowdedBytes: 160 * 1_048_576,
  /** The same of one node that only works: more than it waits for at once. */
  workerResults: 128,
  events: 2_000,
  /** Events that somebody may tell the mesh within a minute. */
  toldPerMinute: 300,
  /** The same of one node that only works. */
  toldPerWorker: 30,
  workloads: 50_000,
  deployments: 1_000,
  jobs: 5_000,
  crons: 1_000,
  /** On one schedule that are kept. */
  firings: 100,
  workflows: 1_000,
  /** Encoded size of the steps of a workflow, bytes. */
  workflowBytes: 192 * 1_024,
  /** Encoded size of what a run of a job is, with the settings of the job, bytes. */
  jobBytes: 96 * 1_024,
  /** Of one deployment that are kept. */
  revisions: 20,
  /** On one deployment, or job, that are kept. */
  notes: 32,
  /** Encoded size of the spec of a revision, bytes. */
  revisionBytes: 64 * 1_024,
  /** Encoded size of the spec of a group, times its parts, bytes. */
  groupBytes: 16 * 1_024 * 1_024,
  secrets: 1_000,
  /** Of one secret that are kept. */
  secretVersions: 8,
  secretChanges: 32,
  secretUses: 64,
  /** Sealed values of all secrets together, characters; those of config maps in the clear. */
  secretsBytes: 16 * 1_024 * 1_024,
  configsBytes: 16 * 1_024 * 1_024,
  configs: 1_000,
  /** Keys of one config map, and characters of all of them together. */
  configKeys: 256,
  configBytes: 128 * 1_024,
  /** Who can open the vault: voters, and those who were until a moment ago. */
  holders: 32,
  tokens: 10_000,
  /** Encoded size of the rules of a MOLT network, characters, and addresses that are kept of its hosts. */
  moltGenesisBytes: 32 * 1_024,
  moltBootstrap: 64,
  namespaces: 1_000,
  volumes: 5_000,
  backups: 2_000,
  backupSchedules: 500,
  /** Of one namespace, of its volumes; as many again of the state of the mesh. */
  namespaceBackups: 400,
  namespaceBackupSchedules: 50,
  /** Of one volume that are kept. */
  volumeSnapshots: 32,
  ingresses: 4_000,
  namespaceIngresses: 400,
  networkPolicies: 2_000,
  namespaceNetworkPolicies: 100,
  certificates: 500,
  /** Of one certificate with those that vouch for it, characters, and of what is asked for one order. */
  chainLength: 32 * 1_024,
  challenges: 4,
  tlsNodes: 64,
  /** That have had the key of one certificate. */
  keyHolders: 4_096,
  policies: 200,
  /** Encoded size of one policy, bytes. */
  policyBytes: 64 * 1_024,
  /** Of what a namespace took, by the day. */
  meteredDays: 92,
  /** Of GPUs, on one day of one namespace. */
  meteredModels: 16,
  /** Of consumption, of one namespace: 30 days of six hours. */
  periods: 120,
  operators: 1_000,
  roles: 200,
  users: 5_000,
  apikeys: 5_000,
  /** Of one user. */
  apikeysPerUser: 100,
  /** Of one member. */
  labels: 64,
  taints: 64,
  /** Of the audit log of one member. */
  auditHeads: 32,
  rejections: 8,
  /** On one workload that are remembered. */
  decisions: 16,
  /** Attempts of one workload that are remembered. */
  attempts: 8,
  /** Encoded size of one entry, bytes. */
  entryBytes: 256 * 1_024,
} as const

const nobodys = (): null => null
const ofNamespace = ({ namespace }: { readonly namespace: string }): string => namespace

/** The maps that the room of the state is measured by, with what is in them. */
export const weighed = {
  workloads: (entries?: Iterable<readonly [WorkloadId, Workload]>) =>
    new WeighedMap<WorkloadId, Workload>(({ spec }) => spec.namespace, entries),
  deployments: (entries?: Iterable<readonly [DeploymentId, Deployment]>) => new WeighedMap(ofNamespace, entries),
  jobs: (entries?: Iterable<readonly [JobId, Job]>) => new WeighedMap(ofNamespace, entries),
  crons: (entries?: Iterable<readonly [CronId, Cron]>) => new WeighedMap(ofNamespace, entries),
  workflows: (entries?: Iterable<readonly [WorkflowId, Workflow]>) => new WeighedMap(ofNamespace, entries),
  secrets: (entries?: Iterable<readonly [string, Secret]>) => new WeighedMap(ofNamespace, entries),
  configs: (entries?: Iterable<readonly [string, ConfigMap]>) => new WeighedMap(ofNamespace, entries),
  volumes: (entries?: Iterable<readonly [string, Volume]>) => new WeighedMap(ofNamespace, entries),
  backups: (entries?: Iterable<readonly [string, Backup]>) => new WeighedMap(ofNamespace, entries),
  backupSchedules: (entries?: Iterable<readonly [string, BackupSchedule]>) => new WeighedMap(ofNamespace, entries),
  ingresses: (entries?: Iterable<readonly [string, Ingress]>) => new WeighedMap(ofNamespace, entries),
  networkPolicies: (entries?: Iterable<readonly [string, NetworkPolicy]>) => new WeighedMap(ofNamespace, entries),
  certificates: (entries?: Iterable<readonly [string, HostCertificate]>) => new WeighedMap(nobodys, entries),
  decisions: (entries?: Iterable<readonly [WorkloadId, readonly NotedDecision[]]>) => new WeighedMap(nobodys, entries),
  members: (entries?: Iterable<readonly [NodeId, Member]>) => new WeighedMap(nobodys, entries),
  tokens: (entries?: Iterable<readonly [string, JoinToken]>) => new WeighedMap(nobodys, entries),
  users: (entries?: Iterable<readonly [string, User]>) => new WeighedMap(nobodys, entries),
  metered: (entries?: Iterable<readonly [string, readonly MeteredDay[]]>) => new WeighedMap(nobodys, entries),
}

export const createState = (): State => ({
  mesh: null,
  version: firstVersion.newest,
  epoch: 0,
  members: weighed.members(),
  removed: new Map(),
  tokens: weighed.tokens(),
  sealedKeys: new Map(),
  operators: new Map(),
  roles: new Map(),
  users: weighed.users(),
  apikeys: new Map(),
  namespaces: new Map(),
  consumed: new Map(),
  metered: weighed.metered(),
  policies: new Map(),
  prices: null,
  workloads: weighed.workloads(),
  deployments: weighed.deployments(),
  jobs: weighed.jobs(),
  crons: weighed.crons(),
  workflows: weighed.workflows(),
  vault: null,
  secrets: weighed.secrets(),
  configs: weighed.configs(),
  decisions: weighed.decisions(),
  liveness: new Map(),
  auditHeads: new Map(),
  volumes: weighed.volumes(),
  backups: weighed.backups(),
  backupSchedules: weighed.backupSchedules(),
  ingresses: weighed.ingresses(),
  networkPolicies: weighed.networkPolicies(),
  certificates: weighed.certificates(),
  tlsNodes: new Map(),
  moltNetwork: null,
  moltParts: new Map(),
  overlay: null,
  events: [],
  index: 0,
  at: 0,
  sequence: 0,
  skipped: 0,
  results: new Recent(limits.results),
  workerResults: new Map(),
  names: new Map(),
  replicas: new Map(),
  runs: new Map(),
  groups: new Map(),
  pending: new Set(),
  spending: new Map(),
  holders: new Map(),
  shares: new Map(),
  usage: new Map(),
  residents: new Map(),
  images: new Map(),
})
