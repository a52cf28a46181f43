/** What nodes, workloads and GPUs use now: the rows of `top`. */
import { isClawError } from '../../../model/failure.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import { gpusInWords } from './words.ts'

/** One row, whatever it is about; null where that is not known, or does not apply. */
export interface Usage {
  readonly name: string
  readonly id: string
  readonly node: string | null
  /** `healthy`, `running`, `used`, … */
  readonly state: string
  /** Model of the GPU, or how many there are. */
  readonly gpus: string
  /** Percent: of all cores together for a node, of one core for a workload, as `docker stats` has it. */
  readonly cpuPercent: number | null
  readonly memoryUsedMib: number | null
  readonly memoryMib: number | null
  readonly gpuUtilization: number | null
  readonly gpuMemoryUsedMib: number | null
  readonly gpuMemoryMib: number | null
  readonly temperatureC: number | null
  readonly powerW: number | null
}

export const subjects = ['nodes', 'workloads', 'gpus'] as const
export type Subject = (typeof subjects)[number]

/** So many questions at a time. */
const atATime = 16

/** Rows in the order of the mesh: nodes by name, workloads newest first, GPUs as they sit in their nodes. */
export async function usageOf(subject: Subject, api: Api, signal: AbortSignal): Promise<readonly Usage[]> {
  const nodes = await api.call('node.list', {}, signal)
  if (subject === 'gpus') return nodes.flatMap((node) => node.gpus.map((gpu) => gpuUsage(node, gpu)))
  if (subject === 'nodes') return each(nodes, (node) => nodeUsage(node, api, signal))
  const workloads = await api.call('workload.list', { running: true }, signal)
  const devices = new Map(nodes.flatMap(({ gpus }) => gpus.map((gpu) => [gpu.uuid, gpu] as const)))
  return each(workloads, (workload) => workloadUsage(workload, devices, api, signal))
}

async function each<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = []
  for (let from = 0; from < items.length; from += atATime)
    answers.push(...(await Promise.all(items.slice(from, from + atATime).map(ask))))
  return answers
}

type Node = OutputOf<'node.list'>[number]
type Gpu = Node['gpus'][number]

const gpuUsage = ({ name: node }: Node, gpu: Gpu): Usage => ({
  name: `${node}/${gpu.index}`,
  id: gpu.uuid,
  node,
  state: gpu.workload ?? (gpu.shares.map(({ workload }) => workload).join(', ') || gpu.state),
  gpus: gpu.model,
  ...unknownHost,
  ...gpuTotals([gpu]),
})

const unknownHost = { cpuPercent: null, memoryUsedMib: null, memoryMib: null }

async function nodeUsage(node: Node, api: Api, signal: AbortSignal): Promise<Usage> {
  const { name, id, status, gpus } = node
  const { host } = await api.call('node.metrics', { node: id }, signal)
  const isThere = host !== null && status !== 'offline'
  return {
    ...{ name, id, node: name, state: status },
    gpus: gpusInWords(gpus),
    cpuPercent: isThere ? Math.round(host.cpuUtilization) : null,
    memoryUsedMib: isThere ? Math.round(host.memoryUsedMib) : null,
    memoryMib: isThere ? Math.round(host.memoryTotalMib) : null,
    ...gpuTotals(gpus),
  }
}

async function workloadUsage(
  workload: OutputOf<'workload.list'>[number],
  devices: ReadonlyMap<string, Gpu>,
  api: Api,
  signal: AbortSignal,
): Promise<Usage> {
  const { name, id, node, state, devices: given, memoryMib } = workload
  const stats = node === null ? null : await statsOf(id, node, api, signal)
  return {
    ...{ name, id, node, state },
    gpus: String(given.length),
    cpuPercent: stats === null ? null : Math.round(stats.cpuPercent * 10) / 10,
    memoryUsedMib: stats === null ? null : Math.round(stats.memoryUsedMib),
    memoryMib: stats?.memoryLimitMib ?? memoryMib,
    ...gpuTotals(given.flatMap((uuid) => devices.get(uuid) ?? [])),
  }
}

/** Null for what is not there any more, or whose node does not answer: the rest is still worth seeing. */
async function statsOf(
  workloadId: string,
  node: string,
  api: Api,
  signal: AbortSignal,
): Promise<OutputOf<'container.stats'> | null> {
  try {
    return await api.call('container.stats', { node, workloadId }, signal)
  } catch (error) {
    if (!isClawError(error)) throw error
    return null
  }
}

function gpuTotals(gpus: readonly Gpu[]) {
  const utilization = known(gpus, ({ utilization: value }) => value)
  const memory = known(gpus, ({ memoryUsedMib }) => memoryUsedMib)
  const temperatures = known(gpus, ({ temperatureC }) => temperatureC)
  const powers = known(gpus, ({ powerW }) => powerW)
  return {
    gpuUtilization: utilization.length === 0 ? null : Math.round(sum(utilization) / utilization.length),
    gpuMemoryUsedMib: memory.length === 0 ? null : sum(memory),
    gpuMemoryMib: gpus.length === 0 ? null : sum(gpus.map(({ memoryMib }) => memoryMib)),
    temperatureC: temperatures.length === 0 ? null : Math.max(...temperatures),
    powerW: powers.length === 0 ? null : Math.round(sum(powers)),
  }
}

const known = (gpus: readonly Gpu[], read: (gpu: Gpu) => number | null): readonly number[] =>
  gpus.flatMap((gpu) => read(gpu) ?? [])

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
