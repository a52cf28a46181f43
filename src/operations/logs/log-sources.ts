/** Whose output is meant: workloads by name, and what belongs together, by the name of the whole or of one of its parts. */
import { groupName } from '../../core/state/groups.ts'
import type { MeshState } from '../../core/state/types.ts'
import { runsOf } from '../../core/state/job-steps.ts'
import type { DeploymentId, JobId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { findFreshWorkload, findGroup } from '../find.ts'

export interface Meant {
  readonly workloads: readonly Workload[]
  /** More of these may come. */
  readonly deployments: readonly DeploymentId[]
  /** Of these too, until they are over. */
  readonly jobs: readonly JobId[]
}

/** Of a job, the last. */
const mostRuns = 100

/** Throws WORKLOAD_NOT_FOUND. With `replicas`, all that belongs to the same as what is named. */
export async function meantBy(
  name: string,
  replicas: boolean,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Meant> {
  const { state } = context.control
  const deployment = [...state.deployments.values()].find(({ id, name: called }) => id === name || called === name)
  if (deployment !== undefined && !state.names.has(name))
    return { workloads: replicasOf(state, deployment.id), deployments: [deployment.id], jobs: [] }
  const job = [...state.jobs.values()].find(({ id, name: called }) => id === name || called === name)
  if (job !== undefined && !state.names.has(name))
    return { workloads: runsOf(state, job.id).slice(-mostRuns), deployments: [], jobs: [job.id] }
  const first = await findFreshWorkload(context, name, signal)
  if (replicas && first.owner !== undefined) {
    const { deployment: id } = first.owner
    return { workloads: replicasOf(state, id), deployments: [id], jobs: [] }
  }
  const group = groupName(first)
  const isNamed = first.name === name || first.id.startsWith(name)
  if (group === null || (isNamed && !replicas)) return { workloads: [first], deployments: [], jobs: [] }
  return { workloads: findGroup(state, first.part?.group ?? group), deployments: [], jobs: [] }
}

/** Those that have not ended; when all have, all. */
function replicasOf(state: MeshState, deployment: DeploymentId): readonly Workload[] {
  const all = [...state.workloads.values()].filter(({ owner }) => owner?.deployment === deployment)
  const living = all.filter(({ state: is }) => !isTerminal(is))
  return living.length > 0 ? living : all
}
