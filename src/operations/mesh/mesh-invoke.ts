/** Running one operation on many nodes at once. */
import { z } from 'zod'
import type { FailureBody } from '../../model/failure.ts'
import { ClawError, failureBody, isClawError } from '../../model/failure.ts'
import { isTooDeepForPart } from '../../lib/nesting.ts'
import { labelName } from '../../model/label.ts'
import type { Member } from '../../model/node.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { OperationContext } from '../context.ts'
import { withDeadline } from '../deadline.ts'
import { nodeRef } from '../fields.ts'
import { findMember, refresh } from '../find.ts'
import { invocation } from '../node/node-invoke.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'

/** So many nodes are asked at a time. */
const atOnce = 32

/** Of all answers together, as JSON. */
const mostBytes = 16 * 1_048_576

const Reply = z.object({
  id: z.string().describe('Of the node'),
  ok: z.boolean(),
  ms: z.number().describe('How long it took'),
  payload: z.unknown().describe('What the node answered; null when it failed'),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string(), facts: z.unknown().optional() })
    .nullable(),
})
type Reply = z.infer<typeof Reply>

export const meshInvoke = unary({
  name: 'mesh.invoke',
  about: 'Run an operation on several nodes, or on all, and collect what each answers or why it does not.',
  input: z.strictObject({
    nodes: z.array(nodeRef).max(1_024).optional(),
    all: z.boolean().optional().describe('All nodes of the mesh'),
    labels: z.record(labelName, z.string().max(256)).optional().describe('All nodes that carry these labels'),
    ...invocation,
  }),
  output: z.object({
    command: z.string(),
    succeeded: z.int(),
    failed: z.int(),
    nodes: z.record(z.string(), Reply).describe('By the name of the node'),
  }),
  secretFields: ['params'],
  permission: { verb: 'invoke', resource: 'node' },
  rest: { method: 'POST', path: '/api/invoke' },
  async handler({ nodes, all, labels, timeoutMs, ...rest }, context, call) {
    await refresh(context, call.signal)
    const members = chosen({ nodes, all, labels }, context.control.state)
    const end = context.clock.elapsed() + timeoutMs
    const waiting = [...members]
    const replies: [string, Reply][] = []
    const room = { left: mostBytes }
    const ask = async (): Promise<void> => {
      for (let member = waiting.shift(); member !== undefined; member = waiting.shift())
        replies.push([member.name, await replyOf(member, { ...rest, end, room }, { context, call })])
    }
    await Promise.all(Array.from({ length: atOnce }, ask))
    const succeeded = replies.filter(([, { ok }]) => ok).length
    const byName = replies.toSorted(([a], [b]) => a.localeCompare(b))
    return { command: rest.command, succeeded, failed: replies.length - succeeded, nodes: Object.fromEntries(byName) }
  },
})

/** How much the answer as a whole may still grow. */
interface Room {
  left: number
}

/** The reply, or, once the answer as a whole is full, that it was done and that its answer is left out. */
function fitting(reply: Reply, command: string, room: Room): Reply {
  const bytes = Buffer.byteLength(JSON.stringify(reply))
  if (bytes <= room.left) {
    room.left -= bytes
    return reply
  }
  const tooLarge = new ClawError('ANSWER_TOO_LARGE', { what: command, bytes, limit: mostBytes })
  return { ...reply, ok: false, payload: null, error: failureBody(tooLarge) }
}

interface Choice {
  readonly nodes: readonly string[] | undefined
  readonly all: boolean | undefined
  readonly labels: Readonly<Record<string, string>> | undefined
}

/** Throws before anything runs anywhere: NODE_NOT_FOUND for a name that is none, INVALID_REQUEST when nothing is chosen. */
function chosen({ nodes, all, labels }: Choice, state: MeshState): readonly Member[] {
  const ways = [nodes !== undefined, all === true, labels !== undefined].filter(Boolean).length
  if (ways !== 1)
    throw new ClawError('INVALID_REQUEST', { problem: 'say which nodes: `nodes`, `all`, or `labels`, and one of them' })
  if (nodes !== undefined) {
    if (nodes.length === 0) throw new ClawError('INVALID_REQUEST', { problem: 'nodes: there is none' })
    return [...new Set(nodes.map((wanted) => findMember(state, wanted)))]
  }
  const wanted = Object.entries(labels ?? {})
  const members = [...state.members.values()].filter((member) =>
    wanted.every(([key, value]) => member.labels[key] === value),
  )
  if (members.length === 0) throw new ClawError('INVALID_REQUEST', { problem: 'no node carries these labels' })
  return members
}

interface Asked {
  readonly command: string
  readonly params: Readonly<Record<string, unknown>>
  readonly idempotencyKey?: string | undefined
  readonly end: number
  readonly room: Room
}

interface Around {
  readonly context: OperationContext
  readonly call: Call
}

/** One node's bug must not cost the answers of the others: it is told like any failure, and written down here. */
function toTell(error: unknown, name: string, { log }: Pick<OperationContext, 'log'>): FailureBody {
  if (isClawError(error) && !isTooDeepForPart(error.facts)) return failureBody(error)
  const detail = error instanceof Error ? error.stack : String(error)
  log.error('an invocation failed unexpectedly', { node: name, error: detail })
  return failureBody(new ClawError('INTERNAL', { detail: 'the peer that was asked has the details in its log' }))
}

async function replyOf(
  { id, name }: Member,
  { end, room, ...asked }: Asked,
  { context, call }: Around,
): Promise<Reply> {
  const { clock } = context
  const began = clock.elapsed()
  const ms = (): number => Math.round(clock.elapsed() - began)
  const timeoutMs = Math.max(1, Math.ceil(end - began))
  try {
    const deadline = { span: timeoutMs, what: `${asked.command} on ${name}` }
    const payload = await withDeadline(clock, deadline, call.signal, (limits) =>
      call.within(limits).invoke('node.invoke', { node: id, ...asked, timeoutMs }),
    )
    // What others could not be told is this node's failure alone.
    if (isTooDeepForPart(payload)) throw new ClawError('INTERNAL', { detail: 'its answer is nested too deep' })
    return fitting({ id, ok: true, ms: ms(), payload: payload ?? null, error: null }, asked.command, room)
  } catch (error) {
    call.signal.throwIfAborted()
    return fitting({ id, ok: false, ms: ms(), payload: null, error: toTell(error, name, context) }, asked.command, room)
  }
}
