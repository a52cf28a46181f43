/** What a node would have for a workload, or for several parts of a gang, if some of its residents were gone. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import type { NodeLedger } from '../scheduler/ledger.ts'
import type { Standing } from '../scheduler/standing.ts'
import type { Resident } from './resident.ts'

/** A device that would do, and how much of its memory is taken; whoever has it whole takes all. */
interface Device {
  readonly memoryMib: number
  taken: number
}

/** Counts what becomes free, resident by resident. */
export class Room {
  readonly #wanted: { readonly devices: number; readonly cpuMillis: number; readonly memoryMib: number }
  /** Null when the devices are wanted whole. */
  readonly #share: number | null
  readonly #suitable: ReadonlyMap<string, Device>
  /** How many of them have room for it. */
  #devices: number
  #cpuMillis: number
  #memoryMib: number

  /** For so many of them. */
  constructor(
    ledger: NodeLedger,
    { suitable }: Standing,
    { spec, count }: { readonly spec: WorkloadSpec; readonly count: number },
  ) {
    const demand = demandOf(spec)
    this.#wanted = {
      devices: count * deviceCount(spec),
      cpuMillis: count * demand.cpuMillis,
      memoryMib: count * demand.memoryMib,
    }
    this.#share = spec.gpus.share ?? null
    const working = suitable.filter(({ uuid }) => !ledger.node.failed.has(uuid))
    this.#suitable = new Map(working.map((device) => [device.uuid, deviceOf(device, ledger)]))
    this.#devices = [...this.#suitable.values()].filter((device) => this.#hasRoom(device)).length
    this.#cpuMillis = ledger.cpuMillis
    this.#memoryMib = ledger.memoryMib
  }

  /** Whether all would fit now. */
  get isEnough(): boolean {
    const { devices, cpuMillis, memoryMib } = this.#wanted
    return this.#devices >= devices && this.#cpuMillis >= cpuMillis && this.#memoryMib >= memoryMib
  }

  /** Whether the resident holds anything of what is still short. */
  helps({ devices, cpuMillis, memoryMib }: Resident): boolean {
    const { devices: devicesWanted, cpuMillis: cpuWanted, memoryMib: memoryWanted } = this.#wanted
    return (
      (this.#devices < devicesWanted && devices.some((uuid) => this.#suitable.has(uuid))) ||
      (this.#cpuMillis < cpuWanted && cpuMillis > 0) ||
      (this.#memoryMib < memoryWanted && memoryMib > 0)
    )
  }

  without(resident: Resident): void {
    this.#change(resident, 1)
  }

  withAgain(resident: Resident): void {
    this.#change(resident, -1)
  }

  #change({ devices, share, cpuMillis, memoryMib }: Resident, sign: 1 | -1): void {
    for (const uuid of devices) {
      const device = this.#suitable.get(uuid)
      if (device === undefined) continue
      const had = this.#hasRoom(device)
      device.taken -= sign * (share ?? wholeOf(device))
      this.#devices += Number(this.#hasRoom(device)) - Number(had)
    }
    this.#cpuMillis += sign * cpuMillis
    this.#memoryMib += sign * memoryMib
  }

  #hasRoom({ memoryMib, taken }: Device): boolean {
    return this.#share === null ? taken === 0 : taken + this.#share <= memoryMib
  }
}

/** A device that does not say how much memory it has can be taken all the same. */
const wholeOf = ({ memoryMib }: Pick<Device, 'memoryMib'>): number => Math.max(1, memoryMib)

const deviceOf = (device: GpuDevice, { free, node }: NodeLedger): Device => ({
  memoryMib: device.memoryMib,
  taken: free.has(device) ? 0 : (node.shared.get(device.uuid) ?? wholeOf(device)),
})
