/** Nodes that are kept for work which has waited. */
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'

/** A node that only one workload may fill up. Others may use it if they surely end before. */
export interface Reservation {
  readonly workload: WorkloadId
  /** When the workload is expected to fit; null when nobody can tell. */
  readonly from: Instant | null
  /** Of the workload: what outranks it need not wait for it. */
  readonly priority: number
}

export type Reservations = ReadonlyMap<NodeId, Reservation>

/** May the workload use a node that is kept for another? Only if it outranks that one, or will be gone by then. */
export function mayUse(reservation: Reservation | undefined, { id, spec }: Workload, at: Instant): boolean {
  if (reservation === undefined || reservation.workload === id || spec.priority > reservation.priority) return true
  const { timeoutMs, stopGraceMs } = spec
  return reservation.from !== null && timeoutMs !== undefined && at + timeoutMs + stopGraceMs <= reservation.from
}
