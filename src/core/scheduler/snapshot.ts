/** The scheduler's view of the mesh: the committed state, and of the gossip only who answers and which devices have failed. */
import type { NodeId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { Instant } from '../../model/time.ts'
import { usageOf } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'
import type { Snapshot } from './types.ts'

/** What the membership plane knows of a node. */
export interface Observed {
  readonly liveness: Liveness
  /** Uuids of its devices that are failed. */
  readonly failed: ReadonlySet<string>
}

type Source = Pick<MeshState, 'members' | 'workloads' | 'pending' | 'holders' | 'usage'>

export function snapshotOf(state: Source, observe: (node: NodeId) => Observed, at: Instant): Snapshot {
  return {
    at,
    nodes: Array.from(state.members.values(), ({ id, name, labels, inventory }) => {
      const { liveness, failed } = observe(id)
      const held = new Set((inventory?.gpus ?? []).map(({ uuid }) => uuid).filter((uuid) => state.holders.has(uuid)))
      return { id, name, labels, liveness, inventory, held, failed, usage: usageOf(state, id) }
    }),
    pending: Array.from(state.pending, (id) => state.workloads.get(id)).filter((workload) => workload !== undefined),
  }
}
