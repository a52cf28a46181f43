/** Which workloads are replicas of a deployment. */
import type { DeploymentId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import type { State } from './state.ts'
import type { MeshState } from './types.ts'

/** Those that are known, also those that have ended, in the order of their submission. */
export const replicasOf = (
  { replicas, workloads }: Pick<MeshState, 'replicas' | 'workloads'>,
  deployment: DeploymentId,
): readonly Workload[] =>
  Array.from(replicas.get(deployment) ?? [], (id) => workloads.get(id))
    .filter((one) => one !== undefined)
    .toSorted((a, b) => a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1))

export function rememberReplica({ replicas }: State, { id, owner }: Workload): void {
  if (owner === undefined) return
  const known = replicas.get(owner.deployment) ?? new Set<Workload['id']>()
  replicas.set(owner.deployment, known.add(id))
}

export function forgetReplica({ replicas }: State, { id, owner }: Workload): void {
  if (owner === undefined) return
  const known = replicas.get(owner.deployment)
  known?.delete(id)
  if (known?.size === 0) replicas.delete(owner.deployment)
}
