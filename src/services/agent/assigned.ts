/** The workloads that the replicated state places, or last placed, on this node: kept from its changes, not searched for. */
import type { Assigned } from '../../core/agent/view.ts'
import type { Change, MeshState } from '../../core/state/types.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../model/ids.ts'

export class AssignedWorkloads {
  readonly #node: NodeId
  readonly #mine = new Map<WorkloadId, Assigned>()

  constructor(node: NodeId) {
    this.#node = node
  }

  /** Looks through the whole state. */
  scan({ workloads }: Pick<MeshState, 'workloads'>): void {
    this.#mine.clear()
    for (const id of workloads.keys()) this.#look({ workloads }, id)
  }

  /** True when something changed that may concern this node. */
  apply(state: Pick<MeshState, 'workloads'>, changes: readonly Change[]): boolean {
    return changes.reduce(
      (any, change) => (change.type === 'workload' && this.#look(state, change.workload)) || any,
      false,
    )
  }

  byPlacement(): ReadonlyMap<PlacementId, Assigned> {
    return new Map([...this.#mine.values()].map((workload) => [workload.placement.id, workload]))
  }

  #look({ workloads }: Pick<MeshState, 'workloads'>, id: WorkloadId): boolean {
    const workload = workloads.get(id)
    const before = this.#mine.has(id)
    if (workload?.placement?.node !== this.#node) return this.#mine.delete(id)
    this.#mine.set(id, { ...workload, placement: workload.placement })
    return before || workload.placement !== null
  }
}
