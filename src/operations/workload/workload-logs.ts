/** The output of a workload as lines, for clients that want them one by one. The CLI reads many at a time with `log.read`. */
import { z } from 'zod'
import { linesOfChunk } from '../../lib/log-chunk.ts'
import { ClawError } from '../../model/failure.ts'
import type { OperationContext } from '../context.ts'
import { iso, time, workloadRef } from '../fields.ts'
import { findFreshWorkload } from '../find.ts'
import type { AttemptChunk, Cursor } from '../logs/follow-logs.ts'
import { attemptLogs, followedLogs, printedLogs } from '../logs/follow-logs.ts'
import { earlierAttempt } from '../logs/log-attempts.ts'
import { filterInput, filterOf, position, tail } from '../logs/log-input.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'
import { ofWorkload } from '../touched.ts'

export const LogItem = z.object({
  position: z.int().describe('Rises with every line of one attempt'),
  at: time,
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
  context: z.literal(true).optional().describe('It does not match, but stands near a line that does'),
  attempt: z.int().describe('The attempt that wrote the line'),
})
type LogItem = z.infer<typeof LogItem>

const input = z.strictObject({
  workload: workloadRef,
  follow: z.boolean().default(false),
  tail: tail.optional(),
  previous: z.boolean().default(false).describe('Of the attempt before the current one'),
  ...filterInput,
  attempt: z.int().min(1).optional().describe('Attempt that `from` belongs to'),
  from: position.optional(),
})

const permission = { verb: 'read', resource: 'workload' } as const

export const workloadLogs = stream({
  name: 'workload.logs',
  about:
    'Read the output of a workload, wherever it runs; with follow, on through restarts elsewhere until it has ended.',
  input,
  output: LogItem,
  permission,
  namespace: ofWorkload,
  rest: { method: 'GET', path: '/api/workloads/:workload/logs' },
  async *handler(wanted, context, call) {
    for await (const chunk of chunks(wanted, context, call)) yield* itemsOf(chunk)
  },
})

/** An answer is one message. */
const mostLines = 100_000
const mostBytes = 16 * 1_024 * 1_024
const tooMuch = 'The output, which comes in pieces to those who accept text/event-stream, or with fewer lines,'

export const workloadLogLines = unary({
  name: 'log.lines',
  about: 'Read the last lines of the output of a workload as one answer. As text/event-stream they come as events.',
  input: input
    .omit({ tail: true, from: true, attempt: true })
    .extend({ lines: z.int().min(0).max(mostLines).default(100) }),
  output: z.array(LogItem),
  permission,
  namespace: ofWorkload,
  rest: { method: 'GET', path: '/api/logs/:workload' },
  events: {
    name: 'log',
    stream: 'workload.logs',
    input: (wanted) => {
      const { lines: last = 100, ...others } = wanted as { readonly lines?: unknown }
      return { ...others, tail: last }
    },
  },
  async handler({ lines, ...wanted }, context, call) {
    if (wanted.follow)
      throw new ClawError('INVALID_REQUEST', { problem: 'one answer cannot follow; accept text/event-stream for that' })
    const items: LogItem[] = []
    let bytes = 0
    for await (const chunk of chunks({ ...wanted, tail: lines }, context, call)) {
      bytes += Buffer.byteLength(chunk.text)
      if (bytes > mostBytes) throw new ClawError('TOO_LARGE', { what: tooMuch, limit: mostBytes })
      items.push(...itemsOf(chunk))
    }
    return items
  },
})

async function* chunks(
  wanted: z.output<typeof input>,
  context: OperationContext,
  call: Call,
): AsyncGenerator<AttemptChunk> {
  const workload = await findFreshWorkload(context, wanted.workload, call.signal)
  const cursor: Cursor = {
    attempt: wanted.attempt ?? 0,
    from: wanted.from ?? null,
    tail: wanted.tail ?? null,
    filter: filterOf(wanted, context.clock.now(), true),
  }
  if (wanted.previous) {
    const earlier = await earlierAttempt(workload, null, context, call)
    yield* attemptLogs(workload.id, earlier, cursor, { call, follow: false })
  } else yield* (wanted.follow ? followedLogs : printedLogs)(workload.id, cursor, context, call)
}

const itemsOf = ({ attempt, ...chunk }: AttemptChunk): LogItem[] =>
  linesOfChunk(chunk).map(({ position: at, at: moment, stream: to, text, isContext }) => ({
    ...{ position: at ?? 0, at: iso(moment ?? 0), stream: to, text, attempt },
    ...(isContext ? { context: true as const } : {}),
  }))
