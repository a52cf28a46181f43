/** What the membership plane says of a node, in the scheduler's terms. */
import type { Observed } from '../../core/scheduler/snapshot.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Membership } from '../membership/types.ts'

export const observer =
  (membership: Pick<Membership, 'view'>) =>
  (node: NodeId): Observed => {
    const { liveness, report } = membership.view(node)
    const failed = (report?.gpus ?? []).filter(({ health }) => health === 'failed').map(({ uuid }) => uuid)
    return { liveness, failed: new Set(failed) }
  }
