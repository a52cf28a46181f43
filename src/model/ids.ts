/** Names of things. A brand keeps one kind of name from being passed where another is meant. */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A node's libp2p peer id: its Ed25519 public key, in base58. Also names an operator, by the operator's own key. */
export type NodeId = Branded<'NodeId'>
/** `mesh-` and the first 32 hex digits of the genesis record's SHA-256. */
export type MeshId = Branded<'MeshId'>
/** `wl-` and ten characters of base32. Unique in a mesh, chosen by the peer that accepts the submission. */
export type WorkloadId = Branded<'WorkloadId'>
/** Of what was submitted together: a workload id; its parts are called `<group>-<index>`. */
export type GroupId = Branded<'GroupId'>
/** `dep-` and ten characters of base32. */
export type DeploymentId = Branded<'DeploymentId'>
/** `job-` and ten characters of base32. */
export type JobId = Branded<'JobId'>
/** `cron-` and ten characters of base32. */
export type CronId = Branded<'CronId'>
/** `wf-` and ten characters of base32. */
export type WorkflowId = Branded<'WorkflowId'>
/** `<workload>.<attempt>`: one decision to run one attempt on one node. */
export type PlacementId = Branded<'PlacementId'>

export const nodeId = (text: string): NodeId => text as NodeId
export const meshId = (text: string): MeshId => text as MeshId
export const workloadId = (text: string): WorkloadId => text as WorkloadId
export const groupId = (text: string): GroupId => text as GroupId
export const deploymentId = (text: string): DeploymentId => text as DeploymentId
export const jobId = (text: string): JobId => text as JobId
export const cronId = (text: string): CronId => text as CronId
export const workflowId = (text: string): WorkflowId => text as WorkflowId
export const partId = (group: GroupId, index: number): WorkloadId => `${group}-${index}` as WorkloadId
export const placementId = (workload: WorkloadId, attempt: number): PlacementId =>
  `${workload}.${attempt}` as PlacementId
