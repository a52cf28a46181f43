/** Why a workload is where it is, node by node; and where one would go that nobody has submitted. */
import { z } from 'zod'
import type { Explanation } from '../core/scheduler/explain.ts'
import { explain } from '../core/scheduler/explain.ts'
import { inOrder, plan } from '../core/scheduler/plan.ts'
import { snapshotOf } from '../core/scheduler/snapshot.ts'
import type { Decision, Snapshot } from '../core/scheduler/types.ts'
import { defaultScheduling } from '../core/scheduler/types.ts'
import { unborn } from '../core/state/workloads.ts'
import { ClawError } from '../model/failure.ts'
import type { WorkloadId } from '../model/ids.ts'
import { workloadId } from '../model/ids.ts'
import type { Workload, WorkloadSpec } from '../model/workload.ts'
import { observer } from '../services/gateway/observe.ts'
import type { OperationContext } from './context.ts'
import { workloadRef } from './fields.ts'
import { findFreshWorkload, refresh } from './find.ts'
import { nameOf } from './node-view.ts'
import { unary } from './operation.ts'
import { nameFor, pinned, specOf, WorkloadRequest } from './workload-request.ts'
import { named, WorkloadView, workloadView } from './workload-view.ts'

const verdicts = {
  nodes: z
    .array(
      z.object({
        node: z.string().describe('Name of the node'),
        nodeId: z.string(),
        obstacle: z
          .string()
          .nullable()
          .describe('Why it does not fit, in words that follow the name; null when it fits'),
      }),
    )
    .describe('What speaks against each node; none when the workload does not wait'),
  wouldFit: z
    .string()
    .nullable()
    .describe('The fewest changes with which it would fit now, such as `with 2 GPUs instead of 4 (on node-2)`'),
}

export const workloadWhy = unary({
  name: 'workload.why',
  about: 'Say why a workload waits, node by node, or where it is and how it came there.',
  input: z.strictObject({ workload: workloadRef }),
  output: WorkloadView.pick({
    ...{ id: true, name: true, state: true, reason: true, progress: true, node: true, attempt: true },
    ...{ submittedAt: true, startedAt: true, endedAt: true, exitCode: true, error: true },
    ...{ retries: true, nextTryAt: true, eviction: true, history: true },
  }).extend({
    queue: z
      .object({ position: z.int().describe('1 is looked at first'), length: z.int() })
      .nullable()
      .describe('Its place among all that wait; null when it does not wait'),
    ...verdicts,
  }),
  permission: { verb: 'read', resource: 'workload' },
  rest: { method: 'GET', path: '/api/workloads/:workload/why' },
  async handler({ workload: wanted }, context, { signal }) {
    const workload = await findFreshWorkload(context, wanted, signal)
    const view = workloadView(workload, context)
    if (workload.state !== 'pending') return { ...view, queue: null, nodes: [], wouldFit: null }
    const snapshot = snapshotNow(context)
    const order = inOrder(snapshot.pending)
    const position = order.findIndex(({ id }) => id === workload.id) + 1
    const verdict = explain(snapshot, named(workload, context.control.state), defaultScheduling)
    return { ...view, reason: verdict.reason, queue: { position, length: order.length }, ...verdictsOf(verdict) }
  },
})

export const workloadPlan = unary({
  name: 'workload.plan',
  about: 'Say where a workload would go if it were submitted now, or why it would wait. Nothing is submitted.',
  input: WorkloadRequest,
  output: z.object({
    fits: z.boolean().describe('Whether it would be placed at once'),
    node: z.string().nullable().describe('Name of the node that would get it'),
    nodeId: z.string().nullable(),
    devices: z
      .array(z.object({ index: z.int(), uuid: z.string(), model: z.string() }))
      .describe('GPUs that it would be given'),
    executor: z.string().nullable(),
    reason: z.string().nullable().describe('Why it would wait'),
    ...verdicts,
  }),
  permission: { verb: 'read', resource: 'workload' },
  rest: { method: 'POST', path: '/api/workloads/plan' },
  async handler(request, context, { caller, signal }) {
    const asked = specOf(request)
    await refresh(context, signal)
    const { control, random } = context
    const name = request.name ?? nameFor(asked.image, random)
    if (control.state.names.has(name)) throw new ClawError('NAME_TAKEN', { name })
    const asSubmitted = unsubmitted({ name, spec: pinned(asked, context), by: caller.id }, context)
    const workload = named(asSubmitted, control.state)
    const snapshot = snapshotNow(context, workload)
    const verdict = explain(snapshot, workload, defaultScheduling)
    return { ...placeOf(decisionFor(workload.id, snapshot), context), ...verdictsOf(verdict) }
  },
})

/** What the scheduler would look at now, with one workload more if there is one. */
function snapshotNow({ control, membership, clock }: OperationContext, more?: Workload): Snapshot {
  const { state } = control
  const source =
    more === undefined
      ? state
      : {
          ...state,
          workloads: new Map([...state.workloads, [more.id, more]]),
          pending: new Set([...state.pending, more.id]),
        }
  return snapshotOf(source, observer(membership), clock.now())
}

/** Those before it in the queue take theirs first. */
const decisionFor = (id: WorkloadId, snapshot: Snapshot): Decision =>
  plan(snapshot, defaultScheduling).find(({ workload }) => workload === id) ?? {
    ...{ decision: 'wait', workload: id, reason: 'so many others are placed first' },
  }

function placeOf(decision: Decision, { control }: OperationContext) {
  if (decision.decision === 'wait')
    return { fits: false, node: null, nodeId: null, devices: [], executor: null, reason: decision.reason }
  const { node, devices, executor } = decision
  const gpus = control.state.members.get(node)?.inventory?.gpus ?? []
  const given = gpus.filter(({ uuid }) => devices.includes(uuid))
  return {
    ...{ fits: true, node: nameOf(control.state, node), nodeId: node, executor, reason: null },
    devices: given.map(({ index, uuid, model }) => ({ index, uuid, model })),
  }
}

const verdictsOf = ({ nodes, wouldFit }: Explanation) => ({
  nodes: nodes.map(({ node, name, obstacle }) => ({ node: name, nodeId: node, obstacle })),
  wouldFit,
})

interface Asked {
  readonly name: string
  readonly spec: WorkloadSpec
  readonly by: string
}

/** As it would stand in the queue if it were submitted now. */
const unsubmitted = ({ name, spec, by }: Asked, { clock }: OperationContext): Workload => ({
  ...unborn,
  ...{ id: workloadId('wl-unsubmitted'), name, spec, submittedBy: by, submittedAt: clock.now() },
})
