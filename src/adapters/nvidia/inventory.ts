/** Which NVIDIA devices there are, over time. */
import type { GpuDevice, GpuLink, GpuSample } from '../../model/gpu.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { csv, query, type Smi } from './ask.ts'
import { placeable } from './mig.ts'
import { deviceFrom, inventoryColumns, parseRows, type Row } from './query.ts'
import { parseReport, type NvidiaReport } from './report.ts'
import { parseTopology, type Topology } from './topology.ts'

type Inventory = Awaited<ReturnType<GpuProbe['inventory']>>

const noTopology: Topology = { links: [], numaNodes: new Map() }

/** Remembers what it read last: while the tool fails, devices are not gone. */
export class NvidiaInventory {
  devices: readonly GpuDevice[] = []
  processes: ReadonlyMap<string, GpuSample['processes']> = new Map()
  #links: readonly GpuLink[] = []

  async read(smi: Smi): Promise<Inventory> {
    const report = await smi('-q', '-x')
    const { gpus, complete } = parseReport(report.stdout)
    if (gpus.length === 0) return this.#withoutReport(smi, report.problem)

    const [list, capabilities, topology] = await Promise.all([
      gpus.some(({ migEnabled }) => migEnabled) ? smi('-L') : null,
      smi('--query-gpu=uuid,compute_cap', csv),
      gpus.length > 1 ? smi('topo', '-m') : null,
    ])
    this.processes = new Map(gpus.map(({ device, processes }) => [device.uuid, processes]))
    const rows = parseRows(capabilities.stdout, [['uuid'], ['compute_cap']])
    const devices = placeable(withCapabilities(gpus, rows), list?.stdout ?? '')
    const problem =
      report.problem ?? (complete ? null : 'nvidia-smi printed an incomplete report') ?? list?.problem ?? null
    return this.#keep(devices, parseTopology(topology?.stdout ?? ''), problem)
  }

  /** Old drivers, and stand-ins for nvidia-smi, have no report but answer queries. */
  async #withoutReport(smi: Smi, problem: string | null): Promise<Inventory> {
    const isRefused = problem !== null && problem.includes('failed with code')
    const { rows, problem: queryProblem } = isRefused
      ? await query(smi, inventoryColumns, new Set())
      : { rows: [], problem: problem ?? 'nvidia-smi printed no report' }
    const devices = rows.flatMap((row) => deviceFrom(row) ?? [])
    if (devices.length === 0) {
      const isEmpty = queryProblem?.includes('No devices were found') === true
      return isEmpty ? this.#keep([], noTopology, null) : { ...this.#current(), problem: queryProblem }
    }
    const topology = devices.length > 1 ? await smi('topo', '-m') : null
    return this.#keep(devices, parseTopology(topology?.stdout ?? ''), queryProblem)
  }

  #keep(devices: readonly GpuDevice[], { links, numaNodes }: Topology, problem: string | null): Inventory {
    const present = new Set(devices.map(({ uuid }) => uuid))
    const missing = this.devices.filter(({ uuid }) => !present.has(uuid))
    const indexes = new Set(devices.map(({ index }) => index))
    const parentIndex = ({ index, mig }: GpuDevice): number => (mig === null ? index : Math.floor(index / 100) - 1)
    const kept = problem === null ? devices : [...devices, ...missing]
    this.devices = kept.map((device) => ({
      ...device,
      numaNode: numaNodes.get(parentIndex(device)) ?? device.numaNode,
    }))
    this.#links = links.filter(({ devices: [a, b] }) => indexes.has(a) && indexes.has(b))
    const gone = missing.length === 0 ? null : `no longer there: ${missing.map(({ uuid }) => uuid).join(', ')}`
    return { ...this.#current(), problem: problem ?? gone }
  }

  #current(): Omit<Inventory, 'problem'> {
    return { gpus: this.devices, links: this.#links }
  }
}

function withCapabilities(gpus: NvidiaReport['gpus'], rows: readonly Row[]): NvidiaReport['gpus'] {
  const capability = new Map(rows.map((row) => [row.get('uuid'), row.get('compute_cap') ?? '']))
  return gpus.map((gpu) => {
    const found = capability.get(gpu.device.uuid) ?? ''
    return { ...gpu, device: { ...gpu.device, computeCapability: /^\d+\.\d+$/.test(found) ? found : null } }
  })
}
