/** Earlier attempts of a workload: the replicated state knows the last one only, the nodes that kept the output know theirs. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { nodeId, type NodeId, type WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import type { Attempt } from './follow-logs.ts'
import { attemptOf, gone } from './follow-logs.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'

/** What one node keeps. */
export const logKept = unary({
  name: 'log.kept',
  about: 'List the output that a node keeps, of one workload or of all.',
  input: z.strictObject({ node: z.string().max(128), workload: z.string().max(128).optional() }),
  output: z.array(
    z.object({
      workload: z.string(),
      name: z.string(),
      attempt: z.int(),
      bytes: z.int(),
      isComplete: z.boolean().describe('It has ended, and all of it is kept'),
    }),
  ),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  where: ({ node }) => nodeId(node),
  handler({ workload: wanted }, { logs }) {
    const kept = logs.kept().filter(({ workload }) => wanted === undefined || workload === wanted)
    return Promise.resolve(
      kept.map(({ workload, name, attempt, bytes, isComplete }) => ({ workload, name, attempt, bytes, isComplete })),
    )
  },
})

/** The last attempt before the current one, or the one of that number. Throws LOGS_GONE when no node that answers keeps it. */
export async function earlierAttempt(
  workload: Workload,
  wanted: number | null,
  context: OperationContext,
  call: Call,
): Promise<Attempt> {
  const { placement } = workload
  if (wanted !== null && placement?.attempt === wanted) return placement
  const current = attemptOf(workload)
  const found = await Promise.all(
    [...context.control.state.members.keys()].map((node) => keptAt(node, workload.id, context, call)),
  )
  const fitting = found.flat().filter(({ attempt }) => (wanted === null ? attempt < current : attempt === wanted))
  const newest = fitting.toSorted((a, b) => b.attempt - a.attempt)[0]
  if (newest === undefined) throw gone(workload, context)
  return newest
}

async function keptAt(
  node: NodeId,
  workload: WorkloadId,
  { membership }: OperationContext,
  call: Call,
): Promise<readonly Attempt[]> {
  if (membership.view(node).liveness === 'lost') return []
  try {
    const kept = logKept.output.parse(await call.invoke('log.kept', { node, workload }))
    return kept.map(({ attempt }) => ({ attempt, node }))
  } catch (error) {
    // Whoever does not answer keeps nothing that could be read now.
    if (call.signal.aborted || !(error instanceof ClawError)) throw error
    return []
  }
}
