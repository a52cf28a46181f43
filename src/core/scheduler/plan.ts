/**
 * Decides what runs where: by priority, then by age; each workload on the node that it leaves least of. A workload that fits nowhere
 * waits, and smaller ones behind it may go first, but not to a node that is kept for it.
 */
import type { Workload } from '../../model/workload.ts'
import { Planner } from './planner.ts'
import type { Decision, SchedulerSettings, Snapshot } from './types.ts'

/** One decision for each pending workload, in the order in which they were taken, up to the most placements of one plan. */
export function plan(snapshot: Snapshot, settings: SchedulerSettings): readonly Decision[] {
  const planner = new Planner(snapshot, settings)
  const decisions: Decision[] = []
  let placements = 0
  for (const workload of inOrder(snapshot.pending)) {
    const decision = planner.decide(workload)
    decisions.push(decision)
    if (decision.decision === 'place') placements += 1
    if (placements >= settings.maxPlacements) break
  }
  return decisions
}

/** The order of the queue. */
export const inOrder = (pending: readonly Workload[]): readonly Workload[] =>
  pending.toSorted(
    (a, b) => b.spec.priority - a.spec.priority || a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1),
  )
