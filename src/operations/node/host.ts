/** What one host says of itself: its devices, its system, its health. Each takes the name of another node to ask there. */
import { z } from 'zod'
import type { NodeInventory } from '../../model/node.ts'
import type { Disk } from '../../ports/probe.ts'
import { askedNode, nodeAsked } from '../workload/container-ref.ts'
import { GpuView, gpuView, holders, nodeStatus, viewIn } from './node-view.ts'
import { unary } from '../operation.ts'

const input = z.strictObject({ node: askedNode })
const permission = { verb: 'read', resource: 'node' } as const
const where = nodeAsked

export const gpuList = unary({
  name: 'gpu.list',
  about: 'List the GPUs of a node.',
  input,
  output: z.object({ count: z.int(), totalMemoryMib: z.int(), gpus: z.array(GpuView) }),
  permission,
  where,
  async handler(_, context, { signal }) {
    const { host } = context
    const held = holders(viewIn(context))
    const samples = new Map((await host.gpus(signal)).map((sample) => [sample.uuid, sample]))
    const gpus = host.inventory().gpus.map((device) => gpuView(device, samples.get(device.uuid), held.get(device.uuid)))
    return { count: gpus.length, totalMemoryMib: gpus.reduce((sum, { memoryMib }) => sum + memoryMib, 0), gpus }
  },
})

const nullable = z.number().nullable()

export const gpuMetrics = unary({
  name: 'gpu.metrics',
  about: 'Measure the GPUs of a node now.',
  input,
  output: z.object({
    count: z.int(),
    metrics: z.array(
      z.object({
        index: z.int(),
        uuid: z.string(),
        utilization: nullable,
        memoryUsedMib: nullable,
        memoryMib: z.int().nullable(),
        temperatureC: nullable,
        powerW: nullable,
        powerLimitW: nullable,
        smClockMhz: nullable,
        throttle: z.array(z.string()),
        health: z.enum(['ok', 'warning', 'failed']),
        processes: z.array(z.object({ pid: z.int(), memoryMib: nullable })),
      }),
    ),
  }),
  permission,
  where,
  async handler(_, { host }, { signal }) {
    const devices = new Map(host.inventory().gpus.map((device) => [device.uuid, device]))
    const metrics = (await host.gpus(signal)).flatMap(({ processes, throttle, ...sample }) => {
      const device = devices.get(sample.uuid)
      if (device === undefined) return []
      const { index, memoryMib } = device
      return [{ ...sample, index, memoryMib, throttle: [...throttle], processes: processes.map((one) => ({ ...one })) }]
    })
    return { count: metrics.length, metrics }
  },
})

export const systemInfo = unary({
  name: 'system.info',
  about: 'Show what a node is made of and how full it is.',
  input,
  output: z.object({
    hostname: z.string(),
    os: z.string(),
    kernel: z.string(),
    arch: z.string(),
    cpuModel: z.string(),
    cpuCount: z.int(),
    memoryTotalMib: z.number(),
    memoryUsedMib: z.number(),
    memoryAvailableMib: z.number(),
    diskFreeMib: z.number(),
    gpuCount: z.int(),
    gpuMemoryMib: z.int(),
    versions: z.record(z.string(), z.string()),
    capabilities: z.array(z.string()),
    commands: z.array(z.string()).describe('What can be invoked here'),
  }),
  permission,
  where,
  async handler(_, { host }, { signal, commands }) {
    const { hostname, os, kernel, arch, cpuModel, cpuCores, gpus, versions } = host.inventory()
    const { memoryTotalMib, memoryUsedMib, diskFreeMib } = await host.sample(signal)
    return {
      ...{ hostname, os, kernel, arch, cpuModel, cpuCount: cpuCores, versions },
      ...{ memoryTotalMib, memoryUsedMib, memoryAvailableMib: memoryTotalMib - memoryUsedMib, diskFreeMib },
      gpuCount: gpus.length,
      gpuMemoryMib: gpus.reduce((sum, { memoryMib }) => sum + memoryMib, 0),
      capabilities: capabilitiesOf(host.inventory()),
      commands: [...commands],
    }
  },
})

export const nodeCapabilities = unary({
  name: 'node.capabilities',
  about: 'Show what a node can run.',
  input,
  output: z.object({
    hostname: z.string(),
    capabilities: z.array(z.string()),
    commands: z.array(z.string()).describe('What can be invoked here'),
    executors: z.array(z.string()),
    containerRuntime: z.string().nullable().describe('What runs work here: docker or process; null when nothing does'),
    cpuCount: z.int(),
    memoryMib: z.int(),
    gpus: z.array(z.object({ index: z.int(), name: z.string(), memoryMib: z.int(), simulated: z.boolean() })),
    gpuCount: z.int(),
    gpuMemoryMib: z.int(),
    labels: z.record(z.string(), z.string()),
  }),
  permission,
  where,
  handler(_, { host, control, self }, { commands }) {
    const { hostname, executors, cpuCores, memoryMib, gpus } = host.inventory()
    return Promise.resolve({
      hostname,
      capabilities: capabilitiesOf(host.inventory()),
      commands: [...commands],
      executors: [...executors],
      containerRuntime: executors[0] ?? null,
      cpuCount: cpuCores,
      memoryMib,
      gpus: gpus.map(({ index, model, memoryMib: memory, simulated }) => ({
        index,
        name: model,
        memoryMib: memory,
        simulated,
      })),
      gpuCount: gpus.length,
      gpuMemoryMib: gpus.reduce((sum, { memoryMib: memory }) => sum + memory, 0),
      labels: control.state.members.get(self)?.labels ?? {},
    })
  },
})

/** In single words: what runs work, and whose GPUs there are. */
const capabilitiesOf = ({ executors, gpus }: NodeInventory): string[] => [
  ...executors,
  ...(gpus.length > 0 ? ['gpu'] : []),
  ...new Set(gpus.map(({ vendor }) => vendor)),
]

export const nodeHealth = unary({
  name: 'node.health',
  about: 'Measure how a node is now.',
  input,
  output: z.object({
    status: z.enum(['healthy', 'unhealthy', 'draining', 'offline']),
    hostname: z.string(),
    connected: z.boolean().describe('Whether it knows who leads the mesh'),
    cpuCount: z.int(),
    loadAverage: z.object({ one: z.number(), five: z.number(), fifteen: z.number() }),
    cpuUtilization: z.number(),
    memory: z.object({ totalMib: z.number(), usedMib: z.number(), availableMib: z.number(), usagePercent: z.number() }),
    diskFreeMib: z.number().describe('Where the node keeps its data'),
    disks: z.array(z.object({ mount: z.string(), totalMib: z.int(), availableMib: z.int(), usagePercent: z.number() })),
    gpuCount: z.int(),
    problems: z.array(z.string()),
    uptimeSeconds: z.int(),
  }),
  permission,
  where,
  async handler(_, { host, membership, control, self }, { signal }) {
    const { report, liveness } = membership.view(self)
    const scheduling = control.state.members.get(self)?.scheduling
    const {
      load,
      cpuUtilization,
      memoryTotalMib: totalMib,
      memoryUsedMib: usedMib,
      diskFreeMib,
      uptime,
    } = await host.sample(signal)
    const disks = await host.disks(signal)
    const { hostname, cpuCores, gpus } = host.inventory()
    return {
      status: nodeStatus({ liveness, report }, scheduling),
      hostname,
      connected: control.status().leader !== null,
      cpuCount: cpuCores,
      loadAverage: { one: load[0], five: load[1], fifteen: load[2] },
      cpuUtilization,
      memory: {
        ...{ totalMib, usedMib },
        availableMib: totalMib - usedMib,
        usagePercent: totalMib === 0 ? 0 : Math.round((usedMib / totalMib) * 100),
      },
      diskFreeMib,
      disks: disks.map((disk) => ({ ...disk, usagePercent: usagePercent(disk) })),
      gpuCount: gpus.length,
      problems: [...(report?.problems ?? [])],
      uptimeSeconds: Math.floor(uptime / 1_000),
    }
  },
})

const usagePercent = ({ totalMib, availableMib }: Disk): number =>
  totalMib === 0 ? 0 : Math.round((1 - availableMib / totalMib) * 1_000) / 10
