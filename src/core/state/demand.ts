/** What work asks for, in the units that are counted. */
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Usage } from './types.ts'

/** What a workload asks of its node besides devices. What is not asked for is not counted. */
export const demandOf = (spec: WorkloadSpec): Usage => ({
  cpuMillis: Math.round((spec.cpus ?? 0) * 1_000),
  memoryMib: spec.memoryMib ?? 0,
  placements: 1,
})
