/**
 * What a node does about the placements it was given. Compares what the mesh decided with what the host does, and names the next
 * steps; never more than one a lane for each placement.
 */
import type { AgentAction } from './action.ts'
import { liveSteps } from './live.ts'
import { strayHoldingSteps, strayTaskSteps } from './stray.ts'
import type { AgentSettings, AgentView } from './view.ts'
import { isWanted } from './wanted.ts'

export function reconcile(view: AgentView, settings: AgentSettings): readonly AgentAction[] {
  const live = [...view.assigned.values()].filter((workload) => isWanted(view, workload))
  const wanted = new Set(live.map(({ placement }) => placement.id))
  const strayTasks = [...view.tasks.values()].filter(({ status }) => !wanted.has(status.placement))
  const strayHoldings = [...view.ledger.values()].filter(
    ({ placement }) => !wanted.has(placement) && !view.tasks.has(placement),
  )
  return [
    ...live.flatMap((workload) => liveSteps(view, workload, settings)),
    // What a state of yesterday does not know may well be alive.
    ...(view.fresh ? strayTaskSteps(view, strayTasks, settings) : []),
    ...(view.fresh ? strayHoldings.flatMap((holding) => strayHoldingSteps(view, holding)) : []),
  ]
}
