/** Closing a node to work, emptying it, and opening it again. */
import { z } from 'zod'
import { workloadsAt } from '../../core/state/holdings.ts'
import type { CommandOf, MeshState } from '../../core/state/types.ts'
import type { NodeId } from '../../model/ids.ts'
import { labelName, Taint, taintEffects, TaintName } from '../../model/label.ts'
import type { Member } from '../../model/node.ts'
import type { Workload } from '../../model/workload.ts'
import { seen } from '../changes.ts'
import { carryOut } from '../carry-out.ts'
import { askedNode } from '../workload/container-ref.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef, span, spanOf } from '../fields.ts'
import { beforeDenial, findMember, refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'

const Left = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  why: z.string().describe('What it waits for, in words that follow its name'),
})

const Openness = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(['open', 'cordoned', 'draining']),
  reason: z.string(),
  left: z.array(Left).describe('Workloads that are placed there'),
})
type Openness = z.infer<typeof Openness>

const permission = { verb: 'change', resource: 'node' } as const
const reason = z.string().max(256).default('').describe('Why, for those who wonder later')
const input = z.strictObject({ node: nodeRef, reason })

export const nodeCordon = unary({
  name: 'node.cordon',
  about: 'Let no new work onto a node. What it has stays, also when it was being drained.',
  input,
  output: Openness,
  permission,
  rest: { method: 'POST', path: '/api/nodes/:node/cordon' },
  handler: ({ node, reason: why }, context, call) =>
    close(node, { mode: 'cordoned', reason: why, grace: null }, { context, call }),
})

export const nodeUncordon = unary({
  name: 'node.uncordon',
  about: 'Let new work onto a node again, whether it was cordoned or drained.',
  input: z.strictObject({ node: nodeRef }),
  output: Openness,
  permission,
  rest: { method: 'POST', path: '/api/nodes/:node/uncordon' },
  handler: ({ node }, context, call) => close(node, opened, { context, call }),
})

export const nodeUndrain = unary({
  name: 'node.undrain',
  about: 'Let new work onto a node again. What is leaving it already still leaves.',
  input: z.strictObject({ node: nodeRef }),
  output: Openness,
  permission,
  rest: { method: 'POST', path: '/api/nodes/:node/undrain' },
  handler: ({ node }, context, call) => close(node, opened, { context, call }),
})

export const nodeDrain = unary({
  name: 'node.drain',
  about:
    'Let no new work onto a node, and move what it has to others. Answers at once; node.drained tells when it is empty.',
  input: z.strictObject({
    node: askedNode,
    reason,
    gracePeriod: span.optional().describe('The same as grace'),
    grace: span.optional().describe('From SIGTERM to SIGKILL; each workload’s own when left out'),
    force: z.boolean().default(false).describe('Kill at once instead of asking first'),
  }),
  output: Openness,
  permission,
  rest: { method: 'POST', path: '/api/nodes/:node/drain' },
  handler({ node, reason: why, gracePeriod, grace = gracePeriod, force }, context, call) {
    const allowed = force ? 0 : grace === undefined ? null : spanOf(grace, 'grace', 0)
    return close(node ?? context.self, { mode: 'draining', reason: why, grace: allowed }, { context, call })
  },
})

export const nodeDrained = stream({
  name: 'node.drained',
  about: 'Tell what is left on a node until nothing is, or until somebody ends the drain; the last item is the end.',
  input: z.strictObject({ node: nodeRef }),
  output: Openness,
  permission: { verb: 'read', resource: 'node' },
  async *handler({ node }, context, { signal }) {
    await refresh(context, signal)
    const { state } = context.control
    const { id } = findMember(state, node)
    const look = () => {
      const member = state.members.get(id)
      if (member === undefined) return null
      const view = opennessOf(member, context)
      return { view, isLast: view.left.length === 0 || view.mode !== 'draining' }
    }
    // Whether the node still answers changes without a change of the state.
    yield* seen(look, context, { signal, every: 1_000 })
  },
})

const TaintView = z.object({ key: z.string(), value: z.string(), effect: z.enum(taintEffects) })

export const nodeTaint = unary({
  name: 'node.taint',
  about: 'Keep work away from a node unless it tolerates that, or take such a taint away.',
  input: z.strictObject({
    node: askedNode,
    add: z.array(Taint).max(64).default([]).describe('One with the same key and effect is replaced'),
    remove: z.array(TaintName).max(64).default([]).describe('Without an effect, all of the key'),
    key: labelName.optional().describe('Adds one taint, with `value` and `effect`'),
    value: z.string().max(256).optional(),
    effect: z.enum(taintEffects).optional().describe('NoSchedule when left out'),
  }),
  output: z.object({ id: z.string(), name: z.string(), taints: z.array(TaintView) }),
  permission,
  rest: { method: 'POST', path: '/api/nodes/:node/taints' },
  async handler({ node, add, remove, key, value = '', effect = 'NoSchedule' }, context, { caller, signal }) {
    await refresh(context, signal)
    const { id, name } = findMember(context.control.state, node ?? context.self)
    const added = key === undefined ? add : [...add, { key, value, effect }]
    await carryOut('taint', { type: 'update-taints', node: id, add: added, remove }, { context, caller, signal })
    return { id, name, taints: [...(context.control.state.members.get(id)?.taints ?? [])] }
  },
})

type Closing = Pick<CommandOf<'set-scheduling'>, 'mode' | 'reason' | 'grace'>
const opened: Closing = { mode: 'open', reason: '', grace: null }

interface Around {
  readonly context: OperationContext
  readonly call: Pick<Call, 'caller' | 'signal'>
}

async function close(wanted: string, closing: Closing, { context, call }: Around): Promise<Openness> {
  const { caller, signal } = call
  const { control } = context
  await refresh(context, signal)
  // A peer that was restarted a moment ago has yet to hear even of itself.
  const member = await beforeDenial(context, () => findMember(control.state, wanted), signal)
  const command = { type: 'set-scheduling', node: member.id, ...closing } as const
  await carryOut('scheduling', command, { context, caller, signal })
  return opennessOf(control.state.members.get(member.id) ?? member, context)
}

function opennessOf({ id, name, scheduling }: Member, { control, membership }: OperationContext): Openness {
  const { liveness } = membership.view(id)
  const isGone = liveness === 'lost' || liveness === 'left'
  return {
    ...{ id, name, mode: scheduling.mode, reason: scheduling.reason },
    left: residentsOf(control.state, id).map((workload) => ({
      id: workload.id,
      name: workload.name,
      state: workload.state,
      why: isGone ? whySilent(workload, name) : whyHere(workload, scheduling.mode),
    })),
  }
}

const residentsOf = (state: MeshState, node: NodeId): readonly Workload[] =>
  workloadsAt(state, node).toSorted((a, b) => a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1))

const whySilent = ({ spec }: Workload, node: string): string =>
  spec.onPartition === 'stop' || spec.onPartition === 'replace'
    ? `waits until ${node} has been silent for long enough`
    : `waits for ${node}, which does not answer`

function whyHere({ eviction, stopRequested, spec }: Workload, mode: Member['scheduling']['mode']): string {
  const grace = stopRequested?.force === true ? 0 : (eviction?.grace ?? spec.stopGraceMs)
  if (eviction !== null && stopRequested === null && spec.checkpoint !== undefined && grace > 0) {
    const save = (spec.checkpoint.saveMs ?? spec.stopGraceMs) / 1_000
    return `may save what it has done for ${save} s, and is then stopped, and killed after another ${grace / 1_000} s`
  }
  if (eviction !== null || stopRequested !== null)
    return grace === 0 ? 'is being killed' : `is being stopped, and killed ${grace / 1_000} s after it was asked`
  return mode === 'draining' ? 'waits for its turn to leave' : 'stays'
}
