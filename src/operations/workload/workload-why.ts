/** Why a workload is where it is, node by node; and where one would go that nobody has submitted. */
import { veiled } from './secret-request.ts'
import { z } from 'zod'
import type { Explanation } from '../../core/scheduler/explain.ts'
import { explain } from '../../core/scheduler/explain.ts'
import { plan } from '../../core/scheduler/plan.ts'
import type { Decision } from '../../core/scheduler/types.ts'
import { defaultScheduling } from '../../core/scheduler/types.ts'
import type { MeshState, Place } from '../../core/state/types.ts'
import { completed } from '../../core/state/namespaces.ts'
import { partName, unborn } from '../../core/state/workloads.ts'
import { ClawError } from '../../model/failure.ts'
import { groupId, partId, workloadId } from '../../model/ids.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { workloadRef } from '../fields.ts'
import { findFreshWorkload, refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { requireAllowed, violationsNow, ViolationView } from '../policy/policy-view.ts'
import { requirePrivileges } from '../privileges.ts'
import { placesIn, queueView, QueueView, snapshotNow, withKept } from './queue-view.ts'
import { nameFor, pinned, specOf, WorkloadRequest } from './workload-request.ts'
import { named, WorkloadView, workloadView } from './workload-view.ts'
import { ofWorkload } from '../touched.ts'

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
    queue: QueueView,
    decision: z
      .string()
      .nullable()
      .describe(
        'The decision that it went where it is, such as `job goes to gpu-1: 2 of 3 nodes could run it; …`; null while it waits, or when it is forgotten',
      ),
    ...verdicts,
  }),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofWorkload,
  rest: { method: 'GET', path: '/api/workloads/:workload/why' },
  async handler({ workload: wanted }, context, { signal }) {
    const workload = await findFreshWorkload(context, wanted, signal)
    const view = workloadView(workload, context)
    if (workload.state !== 'pending') {
      const decision = decisionOn(workload, context.control.state)
      return { ...view, queue: null, decision, nodes: [], wouldFit: null }
    }
    const snapshot = withKept(snapshotNow(context), context)
    const queue = queueView(placesIn(snapshot, context).get(workload.id))
    const verdict = explain(snapshot, named(workload, context.control.state), defaultScheduling)
    return { ...view, reason: verdict.reason, queue, decision: null, ...verdictsOf(verdict) }
  },
})

/** The mesh remembers its last events. */
const decisionOn = ({ id }: Workload, { events }: Pick<MeshState, 'events'>): string | null =>
  events.findLast(({ type, workload }) => type === 'workload.placed' && workload === id)?.message ?? null

const PlaceView = z.object({
  node: z.string().nullable().describe('Name of the node that would get it; null when it would wait'),
  nodeId: z.string().nullable(),
  devices: z
    .array(z.object({ index: z.int(), uuid: z.string(), model: z.string() }))
    .describe('GPUs that it would be given'),
  executor: z.string().nullable(),
  because: z.string().nullable().describe('Why there; null when it would wait'),
  reason: z.string().nullable().describe('Why it would wait'),
})
type PlaceView = z.infer<typeof PlaceView>

export const workloadPlan = unary({
  name: 'workload.plan',
  about: 'Say where a workload would go if it were submitted now, or why it would wait. Nothing is submitted.',
  input: WorkloadRequest,
  output: z.object({
    fits: z.boolean().describe('Whether it, or every part of it, would be placed at once'),
    ...PlaceView.shape,
    violations: z
      .array(ViolationView)
      .describe('Policies that would rather not have it; one that refuses it is an error'),
    parts: z.array(PlaceView).describe('The same of each part, when there are several; the first is also above'),
    ...verdicts,
  }),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  secretFields: ['env'],
  rest: { method: 'POST', path: '/api/workloads/plan' },
  async handler(request, context, { caller, may, signal }) {
    await refresh(context, signal)
    const { control, random } = context
    const asked = completed(control.state, specOf(request), 'ending')
    const replicas = asked.parts?.count ?? 1
    requireAllowed(control.state, asked, replicas)
    const name = request.name ?? nameFor(asked.image, random)
    const command = { type: 'submit', workload: workloadId('wl-unsubmitted'), name, spec: asked } as const
    requirePrivileges(may, command, control.state)
    if (control.state.names.has(name)) throw new ClawError('NAME_TAKEN', { name })
    const asSubmitted = unsubmitted({ name, spec: pinned(veiled(asked), context), by: caller.id }, context)
    const workloads = asSubmitted.map((one) => named(one, control.state))
    const { reservations } = withKept(snapshotNow(context), context)
    const snapshot = { ...snapshotNow(context, workloads), reservations }
    const places = placesFor(plan(snapshot, defaultScheduling), workloads, context)
    const [workload] = workloads
    const [place] = places
    if (workload === undefined || place === undefined)
      throw new ClawError('INTERNAL', { detail: 'nothing was planned' })
    const verdict = explain(snapshot, workload, defaultScheduling)
    return {
      ...place,
      fits: places.every(({ node }) => node !== null),
      reason: places.find(({ reason }) => reason !== null)?.reason ?? null,
      parts: places.length === 1 ? [] : [...places],
      violations: violationsNow(control.state, { spec: asked, replicas }),
      ...verdictsOf(verdict),
    }
  },
})

/** Where each of them would go. Those before them in the queue take theirs first. */
function placesFor(
  decisions: readonly Decision[],
  workloads: readonly Workload[],
  context: OperationContext,
): readonly PlaceView[] {
  const [first] = workloads
  const gang = decisions.find((one) => one.decision === 'place-gang' && one.workload === first?.id)
  if (gang?.decision === 'place-gang')
    return gang.places.map((place) => placeView({ ...place, because: gang.because }, context))
  const byId = new Map(decisions.map((decision) => [decision.workload, decision]))
  const [lead] = workloads.flatMap(({ id }) => byId.get(id) ?? [])
  return workloads.map(({ id }) => {
    const decision = byId.get(id) ?? lead
    if (decision?.decision === 'place') return placeView(decision, context)
    const reason = decision?.decision === 'wait' ? decision.reason : 'so many others are placed first'
    return { node: null, nodeId: null, devices: [], executor: null, because: null, reason }
  })
}

function placeView(
  { node, devices, executor, because }: Place & { readonly because: string },
  { control }: OperationContext,
): PlaceView {
  const gpus = control.state.members.get(node)?.inventory?.gpus ?? []
  const given = gpus.filter(({ uuid }) => devices.includes(uuid))
  return {
    ...{ node: nameOf(control.state, node), nodeId: node, executor, because, reason: null },
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
function unsubmitted({ name, spec, by }: Asked, { clock }: OperationContext): readonly Workload[] {
  const common = { ...unborn, spec, submittedBy: by, submittedAt: clock.now() }
  const group = groupId('wl-unsubmitted')
  if (spec.parts === undefined) return [{ ...common, id: workloadId(group), name }]
  return Array.from({ length: spec.parts.count }, (_, index) => ({
    ...{ ...common, id: partId(group, index), name: partName(name, index), part: { group, index } },
  }))
}
