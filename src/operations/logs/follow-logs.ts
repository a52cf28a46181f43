/** The output of one workload, from the node that has it, across losses of connection, and on into the next attempt. */
import { ClawError } from '../../model/failure.ts'
import { nodeId, type WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { stateChanges } from '../changes.ts'
import type { OperationContext } from '../context.ts'
import type { Chunk as ChunkItem, Filter } from './log-input.ts'
import { Chunk } from './log-input.ts'
import type { Call } from '../operation.ts'

export interface Cursor {
  attempt: number
  from: number | null
  tail: number | null
  readonly filter: Filter
}

export type AttemptChunk = ChunkItem & { readonly attempt: number; readonly node: string }

/** Where an attempt ran. */
export interface Attempt {
  readonly attempt: number
  readonly node: string
}

/** What one attempt has printed so far. */
export async function* attemptLogs(
  id: WorkloadId,
  { attempt, node }: Attempt,
  cursor: Cursor,
  { call, follow }: { readonly call: Pick<Call, 'open' | 'signal'>; readonly follow: boolean },
): AsyncGenerator<AttemptChunk> {
  const { from, tail, filter } = cursor
  const query = { node, workload: id, attempt, follow, from, tail, filter }
  for await (const item of call.open('placement.logs', query, call.signal)) {
    const chunk = Chunk.parse(item)
    if (chunk.kinds !== '') cursor.from = chunk.position
    yield { ...chunk, attempt, node }
  }
}

/** What the current attempt has printed so far. Throws LOGS_GONE when it is not kept any more. */
export async function* printedLogs(
  id: WorkloadId,
  cursor: Cursor,
  context: OperationContext,
  call: Pick<Call, 'open' | 'signal'>,
): AsyncGenerator<AttemptChunk> {
  const workload = context.control.state.workloads.get(id)
  if (workload === undefined || workload.placement === null) return
  enter(cursor, workload)
  try {
    yield* attemptLogs(id, workload.placement, cursor, { call, follow: false })
  } catch (error) {
    if (hasNothingToSay(workload, error)) return
    throw isOver(workload, error) ? gone(workload, context, error) : error
  }
}

/** The same, and what it prints from now on, until it has ended. */
export async function* followedLogs(
  id: WorkloadId,
  cursor: Cursor,
  context: OperationContext,
  call: Pick<Call, 'open' | 'signal'>,
): AsyncGenerator<AttemptChunk> {
  const changes = stateChanges(context.control, call.signal)
  /** The attempt of which all was read, because it has ended. */
  let read = -1
  try {
    while (!call.signal.aborted) {
      const workload = context.control.state.workloads.get(id)
      if (workload === undefined) return
      enter(cursor, workload)
      if (workload.placement !== null && read !== cursor.attempt)
        try {
          yield* attemptLogs(id, workload.placement, cursor, { call, follow: true })
          read = cursor.attempt
          continue
        } catch (error) {
          if (call.signal.aborted) return
          if (!isWorthWaiting(error, workload)) {
            if (hasNothingToSay(workload, error)) return
            throw isOver(workload, error) ? gone(workload, context, error) : error
          }
          context.log.debug('log stream broke, going on after it', { workload: id, attempt: cursor.attempt })
        }
      if (isTerminal(workload.state)) return
      await changes.next(context.clock, read === cursor.attempt ? null : 500)
    }
  } finally {
    changes.close()
  }
}

/** After a restore, the last number that may have been used is not the one of the placement. */
export const attemptOf = ({ attempt, placement }: Workload): number => placement?.attempt ?? attempt

/** The next attempt starts at its own beginning. */
function enter(cursor: Cursor, workload: Workload): void {
  const attempt = attemptOf(workload)
  if (attempt === cursor.attempt) return
  if (cursor.attempt > 0) cursor.tail = null
  cursor.attempt = attempt
  cursor.from = null
}

/** What never ran has no output; what does not run yet has none so far. */
const hasNothingToSay = ({ startedAt }: Workload, error: unknown): boolean =>
  startedAt === null && ClawError.is(error, 'WORKLOAD_NOT_FOUND')

/** The work did run, but its node has removed what it kept of it. */
const isOver = ({ state }: Workload, error: unknown): boolean =>
  isTerminal(state) && ClawError.is(error, 'WORKLOAD_NOT_FOUND')

export function gone({ name, placement }: Workload, { control }: OperationContext, cause?: unknown): ClawError {
  const node = placement?.node ?? 'its node'
  const facts = { workload: name, node: control.state.members.get(nodeId(node))?.name ?? node }
  return new ClawError('LOGS_GONE', facts, { cause })
}

/** While the work has not ended its node may come back, or the work may get another one. */
const isWorthWaiting = (error: unknown, { state }: Workload): boolean =>
  !isTerminal(state) &&
  (ClawError.is(error, 'NODE_UNREACHABLE') ||
    ClawError.is(error, 'WORKLOAD_NOT_FOUND') ||
    ClawError.is(error, 'DEADLINE_EXCEEDED') ||
    ClawError.is(error, 'EXECUTOR_UNAVAILABLE') ||
    ClawError.is(error, 'NOT_A_MEMBER'))
