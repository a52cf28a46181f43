/** Waits until a workload is ready: what depends on it is submitted only then. */
import { ClawError } from '../../model/failure.ts'
import { isTerminal } from '../../model/workload.ts'
import type { Api } from './api.ts'
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
