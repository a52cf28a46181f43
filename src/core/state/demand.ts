/** What work asks for, in the units that are counted. */
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import type { Usage } from './types.ts'

/** What a workload asks of its node besides devices. What is not asked for is not counted. */
export const demandOf = (spec: WorkloadSpec): Usage => ({
  cpuMillis: Math.round((spec.cpus ?? 0) * 1_000),
  memoryMib: spec.memoryMib ?? 0,
  placements: 1,
})

/** Memory of an ordinary device, MiB: a share of so much counts as one, on whatever device it is. */
const ordinaryDevice = 80 * 1_024

/** How many devices a workload counts as where devices are limited, in thousandths: a share is known before it is known of which device. */
export function gpuMillisOf({ gpus }: WorkloadSpec): number {
  const each = gpus.share === undefined ? 1_000 : Math.min(1_000, Math.ceil((1_000 * gpus.share) / ordinaryDevice))
  return each * deviceCount({ gpus })
}
