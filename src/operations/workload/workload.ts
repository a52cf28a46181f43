/** Submitting workloads, looking at them, and stopping them. */
import { z } from 'zod'
import { groupName, partsOf } from '../../core/state/groups.ts'
import { ClawError } from '../../model/failure.ts'
import { groupId, workloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { seen } from '../changes.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { idempotencyKey, momentOf, since, workloadRef } from '../fields.ts'
import { findFreshWorkload, findGroup, findNode, refresh } from '../find.ts'
import { stream, unary } from '../operation.ts'
import { queueViews, QueueView } from './queue-view.ts'
import { submitOrKeep } from '../mesh/spool.ts'
import { checkSecrets } from './secret-request.ts'
import { nameFor, pinned, randomWord, specOf, WorkloadRequest } from './workload-request.ts'
import { WorkloadView, workloadView } from './workload-view.ts'
import { beyond, ofRequest, ofWorkload } from '../touched.ts'

export const workloadRun = unary({
  name: 'workload.run',
  about: 'Submit a workload, or several of the same. It is placed as soon as a node has room for it.',
  input: WorkloadRequest.extend({
    idempotencyKey: idempotencyKey.optional().describe('The same key by the same caller submits once'),
    spool: z
      .boolean()
      .default(false)
      .describe(
        'While the mesh has no leader, have this peer keep it on disk and hand it on; the state is then `spooled`',
      ),
  }),
  output: z.object({
    id: z.string().describe('Of the workload, or of the group'),
    name: z.string(),
    image: z.string(),
    state: z.string(),
    parts: z.array(z.object({ id: z.string(), name: z.string() })).describe('Of a group; none for one workload'),
    index: z.int().nullable().describe('Log index of the submission; null while it is spooled'),
  }),
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofRequest,
  needs: beyond,
  secretFields: ['env'],
  rest: { method: 'POST', path: '/api/workloads' },
  async handler({ idempotencyKey, spool, ...request }, context, { caller, signal }) {
    const { control, random } = context
    const asked = specOf(request)
    // What it waits for may have been submitted through another peer a moment ago.
    if (asked.dependencies !== undefined) await refresh(context, signal)
    const spec = pinned(asked, context)
    const workload = workloadId(`wl-${randomWord(random, 10)}`)
    const name = request.name ?? nameFor(spec.image, random)
    if (!spool) await checkSecrets(context, { spec, name }, signal)
    const asker = { context, caller, signal, key: idempotencyKey }
    const command = { type: 'submit', workload, name, spec } as const
    const taken = await (spool ? submitOrKeep(command, asker) : carryOut('run', command, asker).catch(tellOfSpool))
    if ('command' in taken)
      return { id: taken.workload, name: taken.name, image: spec.image, state: 'spooled', parts: [], index: null }
    const id = taken.value.workload ?? workload
    const parts = partsOf(control.state, groupId(id))
    const submitted = parts[0] ?? control.state.workloads.get(id)
    return {
      id,
      name: submitted === undefined ? name : (groupName(submitted) ?? submitted.name),
      image: spec.image,
      state: submitted?.state ?? 'pending',
      parts: parts.map((part) => ({ id: part.id, name: part.name })),
      index: taken.index,
    }
  },
})

/** Nothing was kept, and that is how it should be; but it could have been. */
function tellOfSpool(error: unknown): never {
  if (!ClawError.is(error, 'NO_LEADER')) throw error
  const detail = `${error.facts.detail}; with --spool this peer would keep the submission and hand it on`
  throw new ClawError('NO_LEADER', { detail }, { cause: error })
}

const QueuedView = WorkloadView.extend({ queue: QueueView })

export const workloadList = unary({
  name: 'workload.list',
  about: 'List workloads, newest first.',
  input: z.strictObject({
    running: z.boolean().optional().describe('Only those that have not ended and are placed'),
    state: z.enum(['pending', 'starting', 'running', 'stopping', 'completed', 'failed', 'stopped']).optional(),
    node: z.string().max(128).optional().describe('Only those on this node'),
    since: since.optional(),
    namespace: z.string().max(63).optional().describe('Only those of this namespace'),
    group: z.string().max(128).optional().describe('Only the parts of this group, by its id or name'),
    mine: z.boolean().optional().describe('Only those that the caller submitted'),
    limit: z.int().min(1).max(10_000).default(1_000),
  }),
  output: z.array(QueuedView),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/workloads' },
  async handler(input, context, { caller, signal }) {
    await refresh(context, signal)
    const { state } = context.control
    const from = momentOf(input.since, context.clock.now())
    const node = input.node === undefined ? null : findNode(state, input.node)
    const group = input.group === undefined ? null : (findGroup(state, input.group)[0]?.part?.group ?? 'none')
    const wanted = (workload: Workload): boolean =>
      (input.running !== true || ['starting', 'running', 'stopping'].includes(workload.state)) &&
      (input.state === undefined || workload.state === input.state) &&
      (node === null || workload.placement?.node === node) &&
      (input.namespace === undefined || workload.spec.namespace === input.namespace) &&
      (group === null || workload.part?.group === group) &&
      (from === null || workload.submittedAt >= from) &&
      (input.mine !== true || workload.submittedBy === caller.id)
    const listed = [...state.workloads.values()]
      .filter(wanted)
      .toSorted((a, b) => b.submittedAt - a.submittedAt || (a.part?.index ?? 0) - (b.part?.index ?? 0))
      .slice(0, input.limit)
    const queueOf = queueViews(listed, context)
    return listed.map((workload) => ({ ...workloadView(workload, context), queue: queueOf(workload) }))
  },
})

export const workloadInfo = unary({
  name: 'workload.info',
  about: 'Show one workload: where it runs, why it waits, how it ended.',
  input: z.strictObject({ workload: workloadRef }),
  output: QueuedView,
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofWorkload,
  rest: { method: 'GET', path: '/api/workloads/:workload' },
  async handler({ workload }, context, { signal }) {
    const found = await findFreshWorkload(context, workload, signal)
    return { ...workloadView(found, context), queue: queueViews([found], context)(found) }
  },
})

export const workloadStop = unary({
  name: 'workload.stop',
  about:
    'Stop a workload that runs, or cancel one that waits; of a gang or a whole group, all parts. Stopping what has ended changes nothing.',
  input: z.strictObject({
    workload: workloadRef,
    force: z.boolean().default(false).describe('Kill at once instead of asking first'),
    reason: z.string().min(1).max(256).optional().describe('Why, for those who look at it later; state version 2'),
  }),
  output: WorkloadView,
  permission: { verb: 'stop', resource: 'workload' },
  namespace: ofWorkload,
  rest: { method: 'DELETE', path: '/api/workloads/:workload' },
  async handler({ workload, force, reason }, context, { caller, signal }) {
    const { control } = context
    const found = await findFreshWorkload(context, workload, signal)
    // A name that is not its own is the group's.
    const isGroup = found.part !== null && (workload === found.part.group || workload === groupName(found))
    const target = isGroup && found.part !== null ? found.part.group : found.id
    const command = { type: 'request-stop', workload: target, force, ...(reason !== undefined && { reason }) } as const
    await carryOut('stop', command, { context, caller, signal })
    return workloadView(control.state.workloads.get(found.id) ?? found, context)
  },
})

export const workloadWait = stream({
  name: 'workload.wait',
  about: 'Tell every change of a workload until it has ended; the last item is the end.',
  input: z.strictObject({ workload: workloadRef }),
  output: WorkloadView,
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofWorkload,
  async *handler({ workload }, context, { signal }) {
    const { id } = await findFreshWorkload(context, workload, signal)
    yield* changesOf(id, context, signal)
  },
})

/** The workload as it is now, then after every change that a user would notice, until it has ended or is forgotten. */
export function changesOf(
  id: Workload['id'],
  context: OperationContext,
  signal: AbortSignal,
): AsyncIterable<WorkloadView> {
  const look = () => {
    const workload = context.control.state.workloads.get(id)
    return workload === undefined ? null : { view: workloadView(workload, context), isLast: isTerminal(workload.state) }
  }
  return seen(look, context, { signal })
}
