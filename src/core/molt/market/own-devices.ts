/** What a node of the mesh could lend of its own: what it has, less what its owner's work holds and what is promised already. */
import type { MeshState } from '../../state/types.ts'
import type { GpuDevice } from '../../../model/gpu.ts'
import { type TracedSample, traceOn } from '../../../model/gpu-traces.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../../model/ids.ts'
import { workloadId } from '../../../model/ids.ts'
import type { Workload } from '../../../model/workload.ts'
import { isTerminal } from '../../../model/workload.ts'
import { evicting } from '../../../model/label.ts'
import type { DeviceUse, NodeCapacity } from './capacity.ts'
import { isLeaseWork } from './lease-work.ts'

export interface OwnSide {
  readonly node: NodeId
  /** UUIDs of the devices that bids and leases hold. */
  readonly promised: ReadonlySet<string>
  /** How its devices are, as they were looked at last. One that is not among them is not lent. */
  readonly samples: ReadonlyMap<string, TracedSample>
  /** Those on which something was found since, or of which that is not known after their last guest. */
  readonly unclean: ReadonlySet<string>
  /** Of leased work: work of less gives way to it. */
  readonly priority: number
}

type Mesh = Pick<MeshState, 'members' | 'holders' | 'shares' | 'workloads' | 'residents' | 'pending'>

export function ownCapacity(state: Mesh, own: OwnSide): NodeCapacity {
  const member = state.members.get(own.node)
  const gpus = member?.inventory?.gpus ?? []
  const cut = new Set(gpus.flatMap(({ mig }) => (mig === null ? [] : [mig.parent])))
  const isOpen = member?.scheduling.mode === 'open' && evicting(member.taints) === undefined
  const devices = gpus
    .filter(({ uuid, mig }) => mig === null && !cut.has(uuid))
    .map((gpu) => ({
      ...{ uuid: gpu.uuid, vendor: gpu.vendor, model: gpu.model, memoryMib: gpu.memoryMib },
      use: isOpen ? useOf(gpu, state, own) : ('out' as const),
    }))
  return { devices, ownWork: ownWork(state, own.node) }
}

function useOf(gpu: GpuDevice, state: Mesh, own: OwnSide): DeviceUse {
  const { promised, samples, unclean, priority } = own
  if (promised.has(gpu.uuid)) return 'promised'
  const holders = holdersOf(gpu.uuid, state)
  if (holders.some(isLeaseWork)) return 'promised'
  if (holders.length > 0) return holders.every(({ spec }) => spec.priority < priority) ? 'yielding' : 'owner'
  const sample = samples.get(gpu.uuid)
  return traceOn(sample, gpu) === null && !unclean.has(gpu.uuid) ? 'free' : 'out'
}

/** Whether work of the owner that does not give way holds one of these devices, whole or in part. */
export const heldByOwner = (devices: readonly string[], state: Mesh, priority: number): boolean =>
  devices.some((uuid) => holdersOf(uuid, state).some((one) => !isLeaseWork(one) && one.spec.priority >= priority))

function holdersOf(uuid: string, { holders, shares, workloads }: Mesh): readonly Workload[] {
  const whole = holders.get(uuid)
  const placements = [...(whole === undefined ? [] : [whole]), ...(shares.get(uuid)?.keys() ?? [])]
  return placements.flatMap((placement) => {
    const workload = workloads.get(workloadOf(placement))
    return workload === undefined ? [] : [workload]
  })
}

const workloadOf = (placement: PlacementId): WorkloadId => workloadId(placement.slice(0, placement.lastIndexOf('.')))

function ownWork({ residents, pending, workloads }: Mesh, node: NodeId): number {
  const ids = new Set([...(residents.get(node) ?? []), ...pending])
  return [...ids].filter((id) => {
    const workload = workloads.get(id)
    return workload !== undefined && !isTerminal(workload.state) && !isLeaseWork(workload)
  }).length
}
