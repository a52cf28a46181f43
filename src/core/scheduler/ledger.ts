/** What one node has left while a plan is made: the plan takes from it as it goes. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { GroupId } from '../../model/ids.ts'
import type { Part } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import type { Mib } from '../state/types.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { ChooseDevices } from './devices.ts'
import { chooseDevices } from './devices.ts'
import type { NodeSnapshot } from './types.ts'

export class NodeLedger {
  readonly node: NodeSnapshot
  readonly choose: ChooseDevices
  /** Devices that nobody has, and no share of either. */
  readonly free: Set<GpuDevice>
  /** Of devices of which shares are given out: how much memory that is. */
  readonly #shared: Map<string, Mib>
  cpuMillis: number
  memoryMib: number
  placements: number
  /** Rises whenever something is taken. */
  version = 0
  /** Labels of the work that is there, or that this plan sends there. */
  readonly residents: Readonly<Record<string, string>>[]
  /** Groups of which a part is there, or is sent there. */
  readonly groups: Set<GroupId>

  constructor(node: NodeSnapshot, choose: ChooseDevices = chooseDevices) {
    const { inventory, held, shared, failed, usage } = node
    this.node = node
    this.choose = choose
    const gpus = (inventory?.gpus ?? []).filter(({ uuid }) => !held.has(uuid) && !failed.has(uuid))
    this.free = new Set(gpus.filter(({ uuid }) => !shared.has(uuid)))
    this.#shared = new Map([...shared].filter(([uuid]) => !held.has(uuid) && !failed.has(uuid)))
    this.cpuMillis = (inventory?.cpuCores ?? 0) * 1_000 - usage.cpuMillis
    this.memoryMib = (inventory?.memoryMib ?? 0) - usage.memoryMib
    this.placements = usage.placements
    this.residents = [...node.residents]
    this.groups = new Set(node.groups)
  }

  /** How much memory of a device can be given out in shares. */
  shareable(device: GpuDevice): Mib {
    const given = this.#shared.get(device.uuid)
    if (given !== undefined) return Math.max(0, device.memoryMib - given)
    return this.free.has(device) ? device.memoryMib : 0
  }

  take(spec: WorkloadSpec, devices: readonly GpuDevice[], part: Part | null = null): void {
    const demand = demandOf(spec)
    for (const device of devices) this.#give(device, spec.gpus.share)
    if (part !== null) this.groups.add(part.group)
    this.cpuMillis -= demand.cpuMillis
    this.memoryMib -= demand.memoryMib
    this.placements += 1
    this.version += 1
    this.residents.push(spec.labels ?? {})
  }

  /** Takes back what was taken last. */
  giveBack(spec: WorkloadSpec, devices: readonly GpuDevice[]): void {
    const demand = demandOf(spec)
    for (const device of devices) this.#regain(device, spec.gpus.share)
    this.cpuMillis += demand.cpuMillis
    this.memoryMib += demand.memoryMib
    this.placements -= 1
    this.version += 1
    this.residents.pop()
  }

  #give(device: GpuDevice, share: Mib | undefined): void {
    this.free.delete(device)
    if (share !== undefined) this.#shared.set(device.uuid, (this.#shared.get(device.uuid) ?? 0) + share)
  }

  #regain(device: GpuDevice, share: Mib = 0): void {
    const given = (this.#shared.get(device.uuid) ?? 0) - share
    if (given > 0) this.#shared.set(device.uuid, given)
    else {
      this.#shared.delete(device.uuid)
      this.free.add(device)
    }
  }
}
