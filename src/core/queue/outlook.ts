/** Which nodes are kept for work that waits. The leader decides that; another peer, which has the same state, can tell nearly as well. */
import { plan } from '../scheduler/plan.ts'
import type { SchedulerSettings, Snapshot } from '../scheduler/types.ts'
import { asksOf } from './ask.ts'
import type { Field } from './field.ts'
import type { Reservations } from './reservation.ts'
import type { ReserveSettings } from './reserve.ts'
import { provide } from './reserve.ts'

/** Looks at the whole queue. */
export function keptNodes(
  snapshot: Snapshot,
  residentsOf: Field['residentsOf'],
  settings: SchedulerSettings & ReserveSettings,
): Reservations {
  const { at, nodes } = snapshot
  const asks = new Map(asksOf(snapshot.pending).map((ask) => [ask.lead.id, ask]))
  const waiting = plan(snapshot, settings)
    .filter((one) => one.decision === 'wait' && one.lacks === 'room')
    .flatMap(({ workload }) => asks.get(workload) ?? [])
  return provide(waiting, { nodes, residentsOf, at }, settings).reservations
}
