/** Waits until a workload is ready: what depends on it is submitted only then. */
import { ClawError } from '../../../model/failure.ts'
import { isTerminal } from '../../../model/workload.ts'
import type { Api } from '../peer/api.ts'
import { workloadStates } from './follow.ts'

/** Throws DEPENDENCY_FAILED when it ends without ever having been ready. */
export async function becomesReady(
  api: Api,
  { id, name }: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  for await (const { ready, state, error } of workloadStates(api, id, signal)) {
    if (ready === true) return
    if (isTerminal(state))
      throw new ClawError('DEPENDENCY_FAILED', { reason: `${name} was never ready: ${error?.message ?? state}` })
  }
}

/** Waits until a deployment has a replica that is ready. Throws DEPENDENCY_FAILED when it fails before. */
export async function servesFirst(
  api: Api,
  { id, name }: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  for await (const { healthyReplicas, state, reason } of api.stream('deploy.wait', { deployment: id }, signal)) {
    if (healthyReplicas > 0) return
    if (state === 'failed')
      throw new ClawError('DEPENDENCY_FAILED', { reason: `${name} was never ready: ${reason ?? state}` })
  }
}
