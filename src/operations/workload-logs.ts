/** The output of workloads: from the node that has it, across losses of connection, and on into the next attempt. */
import { z } from 'zod'
import { ClawError } from '../model/failure.ts'
import { nodeId, placementId, workloadId } from '../model/ids.ts'
import type { Workload } from '../model/workload.ts'
import { isTerminal } from '../model/workload.ts'
import { Bell } from './bell.ts'
import type { OperationContext } from './context.ts'
import { iso, momentOf, since, time, workloadRef } from './fields.ts'
import { findFreshWorkload } from './find.ts'
import type { Call } from './operation.ts'
import { stream } from './operation.ts'

export const LogItem = z.object({
  position: z.int().describe('Rises with every line of one attempt'),
  at: time,
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
})

const AttemptLogItem = LogItem.extend({ attempt: z.int().describe('The attempt that wrote the line') })
type AttemptLogItem = z.infer<typeof AttemptLogItem>

const position = z.int().min(0).describe('Go on after this position, without gap or repeat')

/** What one node has of one attempt. `workload.logs` puts these together. */
export const placementLogs = stream({
  name: 'placement.logs',
  about: 'Read the output of one attempt of a workload at the node that ran it.',
  input: z.strictObject({
    node: z.string().max(128),
    workload: z.string().max(128),
    attempt: z.int().min(1),
    follow: z.boolean().default(false),
    tail: z.int().min(0).nullable().default(null),
    from: position.nullable().default(null),
    since: z.number().nullable().default(null).describe('Milliseconds since the epoch'),
  }),
  output: LogItem,
  permission: { verb: 'read', resource: 'workload' },
  where: ({ node }) => nodeId(node),
  async *handler({ workload, attempt, follow, tail, from, since: earliest }, { agent }, { signal }) {
    const query = { follow, tail, from, since: earliest }
    for await (const line of agent.logs(placementId(workloadId(workload), attempt), query, signal))
      yield { ...line, at: iso(line.at) }
  },
})

export const workloadLogs = stream({
  name: 'workload.logs',
  about:
    'Read the output of a workload, wherever it runs; with follow, on through restarts elsewhere until it has ended.',
  input: z.strictObject({
    workload: workloadRef,
    follow: z.boolean().default(false),
    tail: z.int().min(0).max(1_000_000).optional().describe('Only so many last lines'),
    since: since.optional(),
    attempt: z.int().min(1).optional().describe('Attempt that `from` belongs to'),
    from: position.optional(),
  }),
  output: AttemptLogItem,
  permission: { verb: 'read', resource: 'workload' },
  rest: { method: 'GET', path: '/api/workloads/:workload/logs' },
  async *handler(input, context, call) {
    const { id } = await findFreshWorkload(context, input.workload, call.signal)
    const cursor: Cursor = {
      attempt: input.attempt ?? 0,
      from: input.from ?? null,
      tail: input.tail ?? null,
      since: momentOf(input.since, context.clock.now()),
      isRead: false,
    }
    yield* input.follow ? following(id, cursor, context, call) : once(id, cursor, context, call)
  },
})

interface Cursor {
  attempt: number
  from: number | null
  tail: number | null
  readonly since: number | null
  /** The attempt has ended and all of it was read. */
  isRead: boolean
}

/** After a restore, the last number that may have been used is not the one of the placement. */
const attemptOf = ({ attempt, placement }: Workload): number => placement?.attempt ?? attempt

/** The next attempt starts at its own beginning. */
function enter(cursor: Cursor, workload: Workload): void {
  const attempt = attemptOf(workload)
  if (attempt === cursor.attempt) return
  if (cursor.attempt > 0) cursor.tail = null
  cursor.attempt = attempt
  cursor.from = null
  cursor.isRead = false
}

async function* once(
  id: Workload['id'],
  cursor: Cursor,
  context: OperationContext,
  call: Call,
): AsyncIterable<AttemptLogItem> {
  const workload = context.control.state.workloads.get(id)
  if (workload === undefined || workload.placement === null) return
  enter(cursor, workload)
  try {
    yield* lines(workload, cursor, call, false)
  } catch (error) {
    if (hasNothingToSay(workload, error)) return
    throw isOver(workload, error) ? gone(workload, context, error) : error
  }
}

/** What never ran has no output; what does not run yet has none so far. */
const hasNothingToSay = ({ startedAt }: Workload, error: unknown): boolean =>
  startedAt === null && ClawError.is(error, 'WORKLOAD_NOT_FOUND')

/** The work did run, but its node has removed what it kept of it. */
const isOver = ({ state }: Workload, error: unknown): boolean =>
  isTerminal(state) && ClawError.is(error, 'WORKLOAD_NOT_FOUND')

function gone({ name, placement }: Workload, { control }: OperationContext, cause: unknown): ClawError {
  const node = placement?.node ?? 'its node'
  const facts = { workload: name, node: control.state.members.get(nodeId(node))?.name ?? node }
  return new ClawError('LOGS_GONE', facts, { cause })
}

async function* following(
  id: Workload['id'],
  cursor: Cursor,
  context: OperationContext,
  call: Call,
): AsyncIterable<AttemptLogItem> {
  const bell = new Bell(context.control, call.signal)
  try {
    while (!call.signal.aborted) {
      const workload = context.control.state.workloads.get(id)
      if (workload === undefined) return
      enter(cursor, workload)
      if (workload.placement !== null && !cursor.isRead) {
        try {
          yield* lines(workload, cursor, call, true)
          cursor.isRead = true
          continue
        } catch (error) {
          if (call.signal.aborted) return
          if (!isWorthWaiting(error, workload)) {
            if (hasNothingToSay(workload, error)) return
            throw isOver(workload, error) ? gone(workload, context, error) : error
          }
          context.log.debug('log stream broke, going on after it', { workload: id, attempt: cursor.attempt })
        }
      }
      if (isTerminal(workload.state)) return
      await bell.wait(context.clock, cursor.isRead ? null : 500)
    }
  } finally {
    bell.close()
  }
}

/** While the work has not ended its node may come back, or the work may get another one. */
const isWorthWaiting = (error: unknown, { state }: Workload): boolean =>
  !isTerminal(state) &&
  (ClawError.is(error, 'NODE_UNREACHABLE') ||
    ClawError.is(error, 'WORKLOAD_NOT_FOUND') ||
    ClawError.is(error, 'DEADLINE_EXCEEDED') ||
    ClawError.is(error, 'EXECUTOR_UNAVAILABLE') ||
    ClawError.is(error, 'NOT_A_MEMBER'))

async function* lines(workload: Workload, cursor: Cursor, call: Call, follow: boolean): AsyncIterable<AttemptLogItem> {
  const { placement } = workload
  if (placement === null) return
  const { attempt } = placement
  const { from, tail, since: earliest } = cursor
  const query = { node: placement.node, workload: workload.id, attempt, follow, from, tail, since: earliest }
  for await (const item of call.open('placement.logs', query, call.signal)) {
    const line = LogItem.parse(item)
    cursor.from = line.position
    yield { ...line, attempt }
  }
}
