/** How leased work is told from the owner's own. */
import type { Hash } from './molt-agreement.ts'
import type { WorkloadSpec } from './workload.ts'

/** Namespace of all leased work: whoever has rights in another one has none here. */
export const leaseNamespace = 'molt'
/** With the agreement that it is for. */
export const leaseLabel = 'claw.molt/lease'

export const isLeased = ({ namespace, labels }: Pick<WorkloadSpec, 'namespace' | 'labels'>): boolean =>
  namespace === leaseNamespace && labels?.[leaseLabel] !== undefined

/** What work of an agreement calls the folders that were sent for it, and those that it fills for its buyer. */
export const leaseVolume = (agreement: Hash, kind: 'in' | 'out', index: number): string =>
  `lease-${agreement.slice(0, 16)}-${kind}-${index}`

/** Whether that is such a folder of this very work. */
export function isOwnFolder(
  { namespace, labels }: Pick<WorkloadSpec, 'namespace' | 'labels'>,
  source: string,
): boolean {
  const agreement = labels?.[leaseLabel]
  if (namespace !== leaseNamespace || agreement === undefined) return false
  const [, whose, rest = ''] = /^lease-([0-9a-f]{16})-(.+)$/.exec(source) ?? []
  return whose === agreement.slice(0, 16) && /^(in|out)-[0-7]$/.test(rest)
}
