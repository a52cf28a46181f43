/** Many GPUs as one figure each, under the names that clients of the first gateway know. */
import { z } from 'zod'
import type { GpuView } from '../node/node-view.ts'

export const GpuSummary = z.object({
  total_gpus: z.int(),
  total_vram_mib: z.int(),
  used_vram_mib: z.number().describe('Of those GPUs that say'),
  avg_utilization_percent: z.number().nullable().describe('Of those GPUs that say; null when none does'),
})

export function summaryOf(gpus: readonly GpuView[]): z.infer<typeof GpuSummary> {
  const used = gpus.flatMap(({ utilization }) => (utilization === null ? [] : [utilization]))
  return {
    total_gpus: gpus.length,
    total_vram_mib: sum(gpus.map(({ memoryMib }) => memoryMib)),
    used_vram_mib: sum(gpus.map(({ memoryUsedMib }) => memoryUsedMib ?? 0)),
    avg_utilization_percent: used.length === 0 ? null : Math.round((sum(used) / used.length) * 10) / 10,
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
