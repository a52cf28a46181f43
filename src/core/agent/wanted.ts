/** What of all that this node was given the mesh still wants here. */
import type { PlacementId } from '../../model/ids.ts'
import { isTerminal } from '../../model/workload.ts'
import type { Holding, Ledger } from './device-ledger.ts'
import type { AgentView, Assigned } from './view.ts'

export const isWanted = ({ node }: AgentView, { placement, state }: Assigned): boolean =>
  placement.node === node && !isTerminal(state)

/** Without what is let go of in this very step: holdings that are not wanted, and of which nothing runs or may run. */
export function lastingLedger(view: AgentView): Ledger {
  if (!view.fresh || [...view.executors.values()].includes('unknown')) return view.ledger
  return new Map([...view.ledger].filter(([placement, holding]) => !isLeaving(view, placement, holding)))
}

function isLeaving(view: AgentView, placement: PlacementId, { phase }: Holding): boolean {
  const workload = view.assigned.get(placement)
  return phase !== 'over' && !view.tasks.has(placement) && (workload === undefined || !isWanted(view, workload))
}
