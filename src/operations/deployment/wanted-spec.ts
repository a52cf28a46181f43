/** What the replicas of a deployment are to be after a change, as it goes into the state. */
import type { Deployment } from '../../model/deployment.ts'
import { revisionOf } from '../../model/deployment.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { checkSecrets, withKnownSecrets } from '../workload/secret-request.ts'
import { pinned } from '../workload/workload-request.ts'

/** Of a deployment that is not there yet. Throws what `pinned` and `checkSecrets` do. */
export async function firstSpec(
  { spec: said, name }: { readonly spec: WorkloadSpec; readonly name: string },
  context: OperationContext,
  signal: AbortSignal,
): Promise<WorkloadSpec> {
  const spec = pinned(said, context)
  await checkSecrets(context, { spec, name }, signal)
  return spec
}

/** `said` is what the change makes of the spec that there is. Throws what `pinned` and `checkSecrets` do, and NO_LEADER. */
export async function wantedSpec(
  found: Deployment,
  { said, before }: { readonly said: WorkloadSpec; readonly before: WorkloadSpec },
  context: OperationContext,
  signal: AbortSignal,
): Promise<WorkloadSpec> {
  const spec = await withKnownSecrets(pinned(said, context, before), {
    spec: before,
    same: (values) => context.vault.same(found.id, found.target, values, signal),
  })
  await checkSecrets(context, { spec, name: found.name }, signal)
  return spec
}

/** The spec of the revision that is wanted; undefined when it is not kept any more. */
export const presentSpec = (deployment: Deployment): WorkloadSpec | undefined =>
  revisionOf(deployment, deployment.target)?.spec
