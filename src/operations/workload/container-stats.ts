/** What one container of a host uses now, its GPUs included. */
import { z } from 'zod'
import type { GpuSample } from '../../model/gpu.ts'
import { ClawError } from '../../model/failure.ts'
import { containerIdOf, containerOf, nodeAsked, ofContainer, whichContainer } from './container-ref.ts'
import { unary } from '../operation.ts'

const nullable = z.number().nullable()

const GpuUse = z.object({
  index: z.int(),
  uuid: z.string(),
  utilization: nullable.describe('0 to 100, of the device; null where others share it, or the tool does not tell'),
  memoryUsedMib: nullable,
  memoryMib: z.int().describe('What it may use: all of the device, or its share'),
  measured: z
    .enum(['device', 'processes'])
    .nullable()
    .describe('Where memoryUsedMib comes from: the device that it has alone, its own processes there, or nowhere'),
})
type GpuUse = z.infer<typeof GpuUse>

export const containerStats = unary({
  name: 'container.stats',
  about: 'Measure what a container of this node uses now.',
  input: z.strictObject(whichContainer),
  output: z.object({
    containerId: z.string(),
    workloadId: z.string(),
    name: z.string(),
    cpuPercent: z.number().describe('100 is one core'),
    memoryUsedMib: z.number(),
    memoryLimitMib: nullable,
    memoryPercent: nullable.describe('Of the limit; null without one'),
    networkRxBytes: nullable.describe('Null where nobody counts it for this container, as on the host’s network'),
    networkTxBytes: nullable,
    blockReadBytes: z.number(),
    blockWriteBytes: z.number(),
    pids: z.number().describe('How many processes or threads it has'),
    gpus: z.array(GpuUse),
  }),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofContainer,
  where: nodeAsked,
  async handler(wanted, context, { signal }) {
    const workload = containerOf(wanted, context)
    const { id, name, placement, spec } = workload
    if (placement === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: `${name} here: it has not started` })
    const { agent, host } = context
    const [{ processes, ...stats }, samples] = await Promise.all([
      agent.stats(placement.id, signal),
      placement.devices.length === 0 ? [] : host.gpus(signal),
    ])
    const { memoryUsedMib, memoryLimitMib: limit } = stats
    const used = new Map(samples.map((sample) => [sample.uuid, sample]))
    const gpus = host.inventory().gpus.filter(({ uuid }) => placement.devices.includes(uuid))
    return {
      ...{ containerId: containerIdOf(workload, context), workloadId: id, name, ...stats },
      memoryPercent: limit === null || limit === 0 ? null : Math.round((memoryUsedMib / limit) * 1_000) / 10,
      gpus: gpus.map(({ index, uuid, memoryMib }) => ({
        ...{ index, uuid, memoryMib: spec.gpus.share ?? memoryMib },
        ...useOf(used.get(uuid), { processes, isShared: spec.gpus.share !== undefined }),
      })),
    }
  },
})

interface Having {
  readonly processes: readonly number[] | null
  readonly isShared: boolean
}

/** A device that it has alone is used by nobody else. Of one that is shared, only the tool's list of processes tells. */
export function useOf(
  sample: GpuSample | undefined,
  { processes, isShared }: Having,
): Pick<GpuUse, 'utilization' | 'memoryUsedMib' | 'measured'> {
  if (sample === undefined) return { utilization: null, memoryUsedMib: null, measured: null }
  const utilization = isShared ? null : sample.utilization
  const own = sample.processes.filter(({ pid }) => processes?.includes(pid) === true)
  const counted = own.reduce<number | null>(
    (sum, { memoryMib }) => (sum === null || memoryMib === null ? null : sum + memoryMib),
    0,
  )
  if (own.length > 0 && counted !== null) return { utilization, memoryUsedMib: counted, measured: 'processes' }
  if (isShared) return { utilization, memoryUsedMib: null, measured: null }
  const { memoryUsedMib } = sample
  return { utilization, memoryUsedMib, measured: memoryUsedMib === null ? null : 'device' }
}
