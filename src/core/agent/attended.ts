/** Whose probes are to be asked: of what runs here and is wanted. */
import type { PlacementId } from '../../model/ids.ts'
import type { Health } from '../../model/probe.ts'
import type { Instant } from '../../model/time.ts'
import type { Known } from './health.ts'
import type { Assigned, KnownTask } from './view.ts'

export interface Attended {
  readonly health: Health
  readonly startedAt: Instant
  /** What the mesh knows of it already, maybe from an earlier daemon. */
  readonly known: Known
}

export function attended(
  assigned: ReadonlyMap<PlacementId, Assigned>,
  tasks: ReadonlyMap<PlacementId, KnownTask>,
): ReadonlyMap<PlacementId, Attended> {
  const all = new Map<PlacementId, Attended>()
  for (const [placement, { status }] of tasks) {
    const workload = assigned.get(placement)
    const health = workload?.spec.health
    if (health === undefined || status.status.state !== 'running' || workload?.state !== 'running') continue
    all.set(placement, { health, startedAt: status.status.startedAt, known: workload })
  }
  return all
}
