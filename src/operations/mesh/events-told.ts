/** Events that people and programs tell the mesh, beside its own. */
import { z } from 'zod'
import { severities } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import { minute } from '../../model/time.ts'
import { carryOut } from '../carry-out.ts'
import { askedNode, nodeAsked } from '../workload/container-ref.ts'
import type { OperationContext } from '../context.ts'
import { eventView, isTold, MeshEventView, own, severityOf } from './event-view.ts'
import { idempotencyKey } from '../fields.ts'
import { refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'

const source = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . : / -')
  .describe('Who tells it, such as autoscaler')
const severity = z.enum(severities)

/** What this daemon itself tells of what was done on its host; nobody else may speak in its name. */
const reserved = /^(mesh|system\..*)$/

export const eventsEmit = unary({
  name: 'events.emit',
  about: 'Have the mesh keep an event. It keeps the last ones, and takes 300 a minute.',
  input: z.strictObject({
    node: askedNode,
    source,
    severity: severity.default('info'),
    message: z.string().min(1).max(1_024),
    idempotencyKey: idempotencyKey.optional().describe('The same key by the same caller is kept once'),
  }),
  output: z.object({ success: z.boolean(), index: z.int().describe('Log index from which on it is there') }),
  permission: { verb: 'create', resource: 'event' },
  rest: { method: 'POST', path: '/api/events' },
  where: nodeAsked,
  async handler({ source: from, severity: how, message, idempotencyKey: key }, context, { caller, signal }) {
    if (reserved.test(from))
      throw new ClawError('INVALID_REQUEST', { problem: `source ${from} is the mesh’s own; take another` })
    const index = await tell({ source: from, severity: how, message }, { context, caller, signal, key })
    return { success: true, index }
  },
})

interface Told {
  readonly source: string
  readonly severity: (typeof severities)[number]
  readonly message: string
}

interface Telling extends Pick<Call, 'caller' | 'signal'> {
  readonly context: OperationContext
  readonly key?: string | undefined
}

/** Has the mesh keep an event about this node. Returns the log index of it. */
export async function tell(told: Told, asker: Telling): Promise<number> {
  return (await carryOut('tell', { type: 'tell', node: asker.context.self, ...told }, asker)).index
}

export const eventsQuery = unary({
  name: 'events.query',
  about: 'Find events, the mesh’s own and those that it was told, oldest first.',
  input: z.strictObject({
    node: askedNode,
    severity: severity.optional(),
    source: z.string().max(64).optional().describe('Who told them; `mesh` for the mesh’s own'),
    rangeMinutes: z
      .number()
      .positive()
      .max(60 * 24 * 366)
      .default(60)
      .describe('Not older than that'),
    limit: z.int().min(1).max(10_000).default(100).describe('At most so many, the newest'),
  }),
  output: z.object({ count: z.int(), events: z.array(MeshEventView) }),
  permission: { verb: 'read', resource: 'event' },
  isScoped: true,
  where: nodeAsked,
  async handler({ severity: how, source: from, rangeMinutes, limit }, context, call) {
    await refresh(context, call.signal)
    const { state } = context.control
    const since = context.clock.now() - rangeMinutes * minute
    const events = state.events
      .filter((event) => event.at >= since && isTold(event, call))
      .filter((event) => how === undefined || severityOf(event) === how)
      .filter(({ source: by = own }) => from === undefined || by === from)
      .slice(-limit)
      .map((event) => eventView(event, state))
    return { count: events.length, events }
  },
})
