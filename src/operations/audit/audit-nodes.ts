/** Whose audit logs are meant, and how they are asked for. */
import { z } from 'zod'
import type { AuditFilter } from '../../core/audit/filter.ts'
import { decisions } from '../../model/audit.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { Member } from '../../model/node.ts'
import type { OperationContext } from '../context.ts'
import { momentOf, nodeRef, since } from '../fields.ts'
import { findMember, refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { auditRead } from './audit-read.ts'

const word = z.string().min(1).max(256).optional()

export const nodesInput = {
  node: nodeRef.optional().describe('The log of this node; of the peer that is asked when left out'),
  all: z.boolean().default(false).describe('The logs of all nodes'),
}

export const filterInput = {
  actor: word.describe('Who did it: socket, token:api, a key, a user'),
  operation: word.describe('Such as workload.run; `workload.*` for all of them'),
  resource: word.describe('What kind of thing: workload, node, secret …'),
  namespace: word.describe('In this namespace'),
  object: word.describe('Done to what goes by this name or id'),
  decision: z.enum(decisions).optional().describe('Only what was allowed, or only what was denied'),
  request: word.describe('All that one request has led to, on every node'),
  since: since.optional(),
  until: since.optional().describe('How far: a time as for since'),
}

type Asked = z.infer<z.ZodObject<typeof filterInput>>

/** Throws INVALID_REQUEST for a time that is none. */
export function filterOf({ since: from, until, ...exact }: Asked, now: number): AuditFilter {
  const [first, last] = [momentOf(from, now), momentOf(until, now)]
  return { ...exact, ...(first === null ? {} : { from: first }), ...(last === null ? {} : { until: last }) }
}

/** Throws NODE_NOT_FOUND. */
export async function nodesOf(
  { node, all }: { readonly node?: string | undefined; readonly all: boolean },
  context: OperationContext,
  signal: AbortSignal,
): Promise<readonly Member[]> {
  if (node !== undefined && all) throw new ClawError('INVALID_REQUEST', { problem: 'name one node, or ask for all' })
  await refresh(context, signal)
  const { state } = context.control
  const members = [...state.members.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return all ? members : [findMember(state, node ?? context.self)]
}

interface Reading {
  readonly from?: number
  readonly filter?: AuditFilter
  readonly follow?: boolean
}

/** Whole lines of one node's log. */
export async function* linesOf(
  { id }: Pick<Member, 'id'>,
  reading: Reading,
  call: Pick<Call, 'open' | 'signal'>,
): AsyncGenerator<string> {
  let rest = ''
  for await (const item of call.open('audit.read', { node: id, ...reading }, call.signal)) {
    const lines = `${rest}${auditRead.output.parse(item).lines}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Why a node could not be asked, in words. Throws what is no such reason. */
export function absence(error: unknown, signal: AbortSignal): string {
  if (signal.aborted || !isClawError(error) || !passing.includes(error.kind)) throw error
  return error.message
}

const passing: readonly string[] = ['unavailable', 'timeout', 'not-found']
