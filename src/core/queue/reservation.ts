/** Nodes that are kept for work which has waited. */
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'

/** A node that only one workload may fill up. Others may use it if they surely end before. */
export interface Reservation {
  readonly workload: WorkloadId
  /** When the workload is expected to fit; null when nobody can tell. */
  readonly from: Instant | null
}

export type Reservations = ReadonlyMap<NodeId, Reservation>

/** May the workload use a node that is kept for another? Only if it will be gone by then. */
export function mayUse(reservation: Reservation | undefined, { id, spec }: Workload, at: Instant): boolean {
  if (reservation === undefined || reservation.workload === id) return true
  const { timeoutMs, stopGraceMs } = spec
  return reservation.from !== null && timeoutMs !== undefined && at + timeoutMs + stopGraceMs <= reservation.from
}
