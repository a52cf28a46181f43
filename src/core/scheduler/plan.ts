/**
 * Decides what runs where, in the order of the queue; each workload on the node that it leaves least of. A workload that fits nowhere
 * waits, and smaller ones behind it may go first, but not to a node that is kept for it.
 */
import { inOrder } from '../queue/ask.ts'
import { Planner } from './planner.ts'
import type { Decision, SchedulerSettings, Snapshot } from './types.ts'

/** One decision for each pending workload or gang, in the order in which they were taken, up to the most placements of one plan. */
export function plan(snapshot: Snapshot, settings: SchedulerSettings): readonly Decision[] {
  const planner = new Planner(snapshot, settings)
  const decisions: Decision[] = []
  let placements = 0
  for (const ask of inOrder(snapshot.pending)) {
    const decision = planner.decide(ask)
    decisions.push(decision)
    if (decision.decision !== 'wait') placements += ask.parts.length
    if (placements >= settings.maxPlacements) break
  }
  return decisions
}
