/** Which workflows have been over for long enough. */
import type { WorkflowId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { hasEnded } from '../../model/workflow.ts'
import type { MeshState } from '../state/types.ts'

/** Most workflows of one command. */
const most = 100

export const workflowsToForget = ({ workflows }: Pick<MeshState, 'workflows'>, at: Instant): readonly WorkflowId[] =>
  Array.from(workflows.values())
    .filter((one) => hasEnded(one) && one.ttlMs !== null && (one.endedAt ?? at) + one.ttlMs <= at)
    .slice(0, most)
    .map(({ id }) => id)
