/** What one node has left while a plan is made: the plan takes from it as it goes. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { GroupId } from '../../model/ids.ts'
import type { Part } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { NodeSnapshot } from './types.ts'

export class NodeLedger {
  readonly node: NodeSnapshot
  /** Devices that can be given out. */
  readonly free: Set<GpuDevice>
  cpuMillis: number
  memoryMib: number
  placements: number
  /** Rises whenever something is taken. */
  version = 0
  /** Labels of the work that is there, or that this plan sends there. */
  readonly residents: Readonly<Record<string, string>>[]
  /** Groups of which a part is there, or is sent there. */
  readonly groups: Set<GroupId>

  constructor(node: NodeSnapshot) {
    const { inventory, held, failed, usage } = node
    this.node = node
    this.free = new Set((inventory?.gpus ?? []).filter(({ uuid }) => !held.has(uuid) && !failed.has(uuid)))
    this.cpuMillis = (inventory?.cpuCores ?? 0) * 1_000 - usage.cpuMillis
    this.memoryMib = (inventory?.memoryMib ?? 0) - usage.memoryMib
    this.placements = usage.placements
    this.residents = [...node.residents]
    this.groups = new Set(node.groups)
  }

  take(spec: WorkloadSpec, devices: readonly GpuDevice[], part: Part | null = null): void {
    const demand = demandOf(spec)
    for (const device of devices) this.free.delete(device)
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
    for (const device of devices) this.free.add(device)
    this.cpuMillis += demand.cpuMillis
    this.memoryMib += demand.memoryMib
    this.placements -= 1
    this.version += 1
    this.residents.pop()
  }
}
