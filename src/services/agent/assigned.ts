/** The workloads that the replicated state places, or last placed, on this node: kept from its changes, not searched for. */
import type { Assigned } from '../../core/agent/view.ts'
import { gangOf } from '../../core/agent/gang.ts'
import { isGang } from '../../core/state/groups.ts'
import type { Change, MeshState } from '../../core/state/types.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'

type Source = Pick<MeshState, 'workloads' | 'groups' | 'members' | 'deployments'>

/** What becomes of one part of a gang concerns the others. */
function withGang({ workloads, groups }: Source, id: WorkloadId): readonly WorkloadId[] {
  const workload = workloads.get(id)
  const group = workload?.part?.group
  if (workload === undefined || group === undefined || !isGang(workload)) return [id]
  return [...(groups.get(group)?.values() ?? [])]
}

function serves({ deployments }: Source, { owner }: Workload): boolean {
  const deployment = owner === undefined ? undefined : deployments.get(owner.deployment)
  return deployment !== undefined && deployment.service !== null && deployment.state !== 'deleting'
}

export class AssignedWorkloads {
  readonly #node: NodeId
  readonly #mine = new Map<WorkloadId, Assigned>()

  constructor(node: NodeId) {
    this.#node = node
  }

  /** Looks through the whole state. */
  scan(state: Source): void {
    this.#mine.clear()
    for (const id of state.workloads.keys()) this.#look(state, id)
  }

  /** True when something changed that may concern this node. */
  apply(state: Source, changes: readonly Change[]): boolean {
    const changed = new Set(
      changes.flatMap((change) => (change.type === 'workload' ? withGang(state, change.workload) : [])),
    )
    return [...changed].reduce((any, id) => this.#look(state, id) || any, false)
  }

  byPlacement(): ReadonlyMap<PlacementId, Assigned> {
    return new Map([...this.#mine.values()].map((workload) => [workload.placement.id, workload]))
  }

  #look(state: Source, id: WorkloadId): boolean {
    const workload = state.workloads.get(id)
    const before = this.#mine.has(id)
    if (workload?.placement?.node !== this.#node) return this.#mine.delete(id)
    const { placement } = workload
    const gang = gangOf(state, workload)
    this.#mine.set(id, { ...workload, placement, gang, ...(serves(state, workload) && { serves: true }) })
    return before || workload.placement !== null
  }
}
