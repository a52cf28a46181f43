/** What the mesh is told of what the probes say: only what it does not know yet. */
import type { AgentAction } from './action.ts'
import type { Opinion } from './health.ts'
import type { Assigned } from './view.ts'

export function healthSteps(
  { placement, state, ready, unreadyReason, readySince = -1 }: Assigned,
  opinion: Opinion | undefined,
): readonly AgentAction[] {
  if (state !== 'running' || opinion === undefined || opinion.ready === null) return []
  if (opinion.ready === ready && opinion.reason === (unreadyReason ?? null)) return []
  // What an earlier daemon said by a clock that was ahead must not outweigh it.
  const at = Math.max(opinion.since, readySince + 1)
  const { ready: isReady, reason } = opinion
  return [{ do: 'report', placement: placement.id, report: { type: 'health', ready: isReady, reason, at } }]
}
