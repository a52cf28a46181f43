/** What a node would have for a workload, or for several parts of a gang, if some of its residents were gone. */
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import type { NodeLedger } from '../scheduler/ledger.ts'
import type { Standing } from '../scheduler/standing.ts'
import type { Resident } from './resident.ts'

/** Counts what becomes free, resident by resident. */
export class Room {
  readonly #wanted: { readonly devices: number; readonly cpuMillis: number; readonly memoryMib: number }
  readonly #suitable: ReadonlySet<string>
  #devices: number
  #cpuMillis: number
  #memoryMib: number

  /** For so many of them. */
  constructor(
    { node, free, cpuMillis, memoryMib }: NodeLedger,
    { suitable }: Standing,
    { spec, count }: { readonly spec: WorkloadSpec; readonly count: number },
  ) {
    const demand = demandOf(spec)
    this.#wanted = {
      devices: count * deviceCount(spec),
      cpuMillis: count * demand.cpuMillis,
      memoryMib: count * demand.memoryMib,
    }
    this.#suitable = new Set(suitable.map(({ uuid }) => uuid).filter((uuid) => !node.failed.has(uuid)))
    this.#devices = suitable.filter((device) => free.has(device)).length
    this.#cpuMillis = cpuMillis
    this.#memoryMib = memoryMib
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

  #change({ devices, cpuMillis, memoryMib }: Resident, sign: 1 | -1): void {
    this.#devices += sign * devices.filter((uuid) => this.#suitable.has(uuid)).length
    this.#cpuMillis += sign * cpuMillis
    this.#memoryMib += sign * memoryMib
  }
}
