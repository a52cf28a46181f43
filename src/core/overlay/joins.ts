/** Which containers are in the overlay, each with an address of its own. */
import { profileOf } from '../../model/container-profile.ts'
import { isLeased } from '../../model/lease-mark.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { networkOf } from '../../model/workload.ts'

/**
 * Work of strangers never is. Neither is what has a sandbox: an engine tells containers on such a network a resolver that only the kernel
 * of the host answers, and sandboxes have another.
 */
export const joinsOverlay = (spec: WorkloadSpec): boolean =>
  networkOf(spec) === 'bridge' && profileOf(spec).joinsOverlay && !isLeased(spec) && spec.sandbox === undefined
