/** Moving one workload to another node. */
import { z } from 'zod'
import { snapshotOf } from '../../core/scheduler/snapshot.ts'
import { standingOf } from '../../core/scheduler/standing.ts'
import type { NodeId } from '../../model/ids.ts'
import { ClawError } from '../../model/failure.ts'
import type { Placement, Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { observer } from '../../services/gateway/observe.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef, span, spanOf, workloadRef } from '../fields.ts'
import { findFreshWorkload, findNode } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { WorkloadView, workloadView } from './workload-view.ts'
import { ofWorkload } from '../touched.ts'

export const workloadMigrate = unary({
  name: 'workload.migrate',
  about: 'Stop a workload where it is and place it again on another node, with a new attempt.',
  input: z.strictObject({
    workload: workloadRef,
    to: nodeRef.optional().describe('Where it should go if there is room by then; any other node when left out'),
    grace: span.optional().describe('From SIGTERM to SIGKILL; the workload’s own when left out'),
  }),
  output: WorkloadView,
  permission: { verb: 'change', resource: 'workload' },
  namespace: ofWorkload,
  rest: { method: 'POST', path: '/api/workloads/:workload/migrate' },
  async handler({ workload: wanted, to, grace: allowed }, context, { caller, signal }) {
    const { control } = context
    const grace = allowed === undefined ? null : spanOf(allowed, 'grace', 0)
    const workload = await findFreshWorkload(context, wanted, signal)
    const placement = movable(workload)
    const target = to === undefined ? null : findNode(control.state, to)
    refuseUnlessPossible(workload, { from: placement.node, target }, context)

    const reason = target === null ? 'it migrates' : `it migrates to ${nameOf(control.state, target)}`
    const command = { type: 'evict', placement: placement.id, reason, grace, target, avoid: true } as const
    await carryOut('migrate', command, { context, caller, signal })
    return workloadView(control.state.workloads.get(workload.id) ?? workload, context)
  },
})

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

function movable({ name, state, placement, eviction, stopRequested }: Workload): Placement {
  if (isTerminal(state)) throw invalid(`${name} has ended`)
  if (placement === null) throw invalid(`${name} is on no node yet`)
  if (stopRequested !== null) throw invalid(`${name} was asked to stop`)
  if (eviction !== null) throw invalid(`${name} is leaving its node already: ${eviction.reason}`)
  return placement
}

interface Way {
  readonly from: NodeId
  readonly target: NodeId | null
}

/** What stands in the way for good. That a node is full now may be over when the workload gets there. */
function refuseUnlessPossible({ spec, name }: Workload, { from, target }: Way, context: OperationContext): void {
  const { control, membership, clock } = context
  if (target === from) throw invalid(`${name} is on ${nameOf(control.state, from)} already`)
  const { nodes } = snapshotOf(control.state, observer(membership), clock.now())
  const others = nodes.filter(({ id }) => (target === null ? id !== from : id === target))
  const verdicts = others.map((node) => ({ node, standing: standingOf(node, spec) }))
  if (verdicts.some(({ standing }) => !('one' in standing))) return
  const reasons = verdicts.map(({ node, standing }) => `${node.name} ${'one' in standing ? standing.one : ''}`)
  throw invalid(
    `${name} can go nowhere${target === null ? ' else' : ''}: ${reasons.slice(0, 5).join('; ') || 'there is no other node'}`,
  )
}
