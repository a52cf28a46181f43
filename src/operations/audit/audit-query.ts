/** Who did what: entries of the audit logs that somebody looks for, and those that are added. */
import { z } from 'zod'
import { readLine } from '../../core/audit/entry.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { begun, decisions } from '../../model/audit.ts'
import type { Member } from '../../model/node.ts'
import type { OperationContext } from '../context.ts'
import { iso, time } from '../fields.ts'
import { Merged } from '../logs/merged.ts'
import { nameOf } from '../node/node-view.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'
import { absence, filterInput, filterOf, linesOf, nodesInput, nodesOf } from './audit-nodes.ts'
import { auditing } from './audit-read.ts'

export const AuditView = z.object({
  node: z.string().describe('Name of the node that has it on record'),
  seq: z.int().describe('Its number in that node’s log'),
  at: time,
  actor: z.string().describe('Who asked'),
  via: z.string().nullable().describe('The node that forwarded it'),
  operation: z.string(),
  verb: z.string(),
  resource: z.string(),
  namespace: z.string().nullable(),
  object: z.string().nullable().describe('What it was done to'),
  decision: z.enum(decisions),
  outcome: z.string().describe('ok, the code of a failure, or `begun`: it goes on, or nobody knows how it ended'),
  request: z.string().describe('The same for all that one request has led to'),
  count: z.int().describe('How many like it this stands for'),
})
type AuditView = z.infer<typeof AuditView>

export const auditQuery = unary({
  name: 'audit.query',
  about: 'Find what was done, by whom, and who was turned away, oldest first. What has ended is told once.',
  input: z.strictObject({
    ...nodesInput,
    ...filterInput,
    limit: z.int().min(1).max(10_000).default(100).describe('At most so many, the newest'),
  }),
  output: z.object({
    entries: z.array(AuditView),
    missing: z.array(z.object({ node: z.string(), reason: z.string() })).describe('Nodes that could not be asked'),
  }),
  permission: auditing,
  rest: { method: 'GET', path: '/api/audit' },
  async handler({ node, all, limit, ...wanted }, context, call) {
    const filter = filterOf(wanted, context.clock.now())
    const members = await nodesOf({ node, all }, context, call.signal)
    const missing: { node: string; reason: string }[] = []
    const found = await Promise.all(
      members.map(async (member) => {
        try {
          return await newest(linesOf(member, { filter }, call), limit)
        } catch (error) {
          const reason = absence(error, call.signal)
          if (!all) throw error
          missing.push({ node: member.name, reason })
          return []
        }
      }),
    )
    const entries = found
      .flat()
      .toSorted((a, b) => a.at - b.at || a.seq - b.seq)
      .slice(-limit)
    return { entries: entries.map((entry) => viewOf(entry, context)), missing }
  },
})

/** The last of them; of what has begun and ended, only the end. */
async function newest(lines: AsyncIterable<string>, limit: number): Promise<readonly AuditEntry[]> {
  const kept = new Map<string, AuditEntry>()
  for await (const line of lines) {
    const entry = readLine(line)?.entry
    if (entry === undefined) continue
    kept.delete(keyOf(entry, begun))
    kept.set(keyOf(entry, entry.outcome === begun ? begun : String(entry.seq)), entry)
    if (kept.size > limit) kept.delete(kept.keys().next().value ?? '')
  }
  return [...kept.values()]
}

const keyOf = ({ request, operation, object }: AuditEntry, which: string): string =>
  `${request} ${operation} ${object ?? ''} ${which}`

export const auditTail = stream({
  name: 'audit.tail',
  about:
    'Tell the last entries of the audit log, and with follow those that are added. Of all nodes, lost ones are left out.',
  input: z.strictObject({
    ...nodesInput,
    ...filterInput,
    limit: z.int().min(0).max(1_000).default(20).describe('Begin with so many'),
    follow: z.boolean().default(false),
  }),
  output: AuditView,
  permission: auditing,
  rest: { method: 'GET', path: '/api/audit/tail' },
  async *handler({ node, all, limit, follow, ...wanted }, context, call) {
    const filter = filterOf(wanted, context.clock.now())
    const members = await nodesOf({ node, all }, context, call.signal)
    const off = new AbortController()
    const calling = { open: call.open, signal: AbortSignal.any([call.signal, off.signal]) }
    const merged = new Merged<AuditEntry>()
    for (const member of members)
      if (!all || context.membership.view(member.id).liveness !== 'lost')
        merged.add(tailOf(member, { filter, limit, follow }, calling))
    try {
      for (let entry = await merged.next(); entry !== null; entry = await merged.next()) yield viewOf(entry, context)
    } finally {
      off.abort()
      await merged.close()
    }
  },
})

interface Tail {
  readonly filter: ReturnType<typeof filterOf>
  readonly limit: number
  readonly follow: boolean
}

async function* tailOf(
  member: Member,
  { filter, limit, follow }: Tail,
  call: Pick<Call, 'open' | 'signal'>,
): AsyncGenerator<AuditEntry> {
  let last = 0
  const kept: AuditEntry[] = []
  for await (const line of linesOf(member, { filter }, call)) {
    const entry = readLine(line)?.entry
    if (entry === undefined) continue
    last = entry.seq
    kept.push(entry)
    if (kept.length > limit) kept.shift()
  }
  yield* kept
  if (!follow) return
  for await (const line of linesOf(member, { filter, from: last + 1, follow }, call)) {
    const entry = readLine(line)?.entry
    if (entry !== undefined && entry.seq > last) yield entry
  }
}

function viewOf(entry: AuditEntry, { control }: OperationContext): AuditView {
  const { node, via, at } = entry
  const { seq, actor, operation, verb, resource, namespace, object, decision, outcome, request, count } = entry
  return {
    ...{ node: nameOf(control.state, node), seq, at: iso(at), actor },
    via: via === null ? null : nameOf(control.state, via),
    ...{ operation, verb, resource, namespace, object, decision, outcome, request, count },
  }
}
