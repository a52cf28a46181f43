/** How leased work is told from the owner's own. */
import type { WorkloadSpec } from './workload.ts'

/** Namespace of all leased work: whoever has rights in another one has none here. */
export const leaseNamespace = 'molt'
/** With the agreement that it is for. */
export const leaseLabel = 'claw.molt/lease'

export const isLeased = ({ namespace, labels }: Pick<WorkloadSpec, 'namespace' | 'labels'>): boolean =>
  namespace === leaseNamespace && labels?.[leaseLabel] !== undefined
