/** Whether the audit logs are what was written, by what the nodes themselves hold and what the mesh knows of them. */
import { z } from 'zod'
import { Exporter, formats } from '../../core/audit/exported.ts'
import type { Verdict } from '../../core/audit/verify.ts'
import { faultKinds, Verifier } from '../../core/audit/verify.ts'
import { readLine } from '../../core/audit/entry.ts'
import type { NotedHead } from '../../model/audit.ts'
import type { Member } from '../../model/node.ts'
import type { OperationContext } from '../context.ts'
import { momentOf, since, isoOrNull } from '../fields.ts'
import type { Call } from '../operation.ts'
import { stream } from '../operation.ts'
import { absence, linesOf, nodesInput, nodesOf } from './audit-nodes.ts'
import { auditing } from './audit-read.ts'

/** How often it is told how far it is. */
const everyEntries = 20_000

const Problem = z.object({
  seq: z.int().describe('The first entry that is not right'),
  kind: z.enum(faultKinds).describe('What was done to it'),
  detail: z.string(),
})

const VerifyItem = z.object({
  node: z.string(),
  isDone: z.boolean().describe('False while it is only told how far it is'),
  entries: z.int().describe('Entries that were looked at'),
  first: z.int().nullable().describe('The oldest that is kept'),
  last: z.int().nullable().describe('Up to here all is well'),
  confirmed: z.int().nullable().describe('Up to here others than the node itself vouch for it'),
  confirmedAt: z.string().nullable().describe('Since when, ISO 8601'),
  problem: Problem.nullable(),
  unreachable: z.string().nullable().describe('Why the log could not be read'),
})
type VerifyItem = z.infer<typeof VerifyItem>

const nothing = { entries: 0, first: null, last: null, confirmed: null, confirmedAt: null, problem: null } as const

export const auditVerify = stream({
  name: 'audit.verify',
  about:
    'Check every entry of audit logs, and compare with what the mesh knows of them. The peer that is asked checks the lines itself.',
  input: z.strictObject(nodesInput),
  output: VerifyItem,
  permission: auditing,
  rest: { method: 'GET', path: '/api/audit/verify' },
  async *handler(wanted, context, call) {
    for (const member of await nodesOf(wanted, context, call.signal)) {
      try {
        yield* checked(member, context, call)
      } catch (error) {
        const unreachable = absence(error, call.signal)
        if (!wanted.all) throw error
        yield { node: member.name, isDone: true, ...nothing, unreachable }
      }
    }
  },
})

async function* checked(member: Member, context: OperationContext, call: Call): AsyncGenerator<VerifyItem> {
  const heads = headsOf(member, context)
  const own = member.id === context.self && context.audit.head !== null ? [context.audit.head] : []
  const verifier = new Verifier({ node: member.id, heads: [...own, ...heads], after: null })
  let entries = 0
  for await (const line of linesOf(member, {}, call)) {
    verifier.line(line)
    entries += 1
    if (entries % everyEntries === 0) yield { node: member.name, isDone: false, ...nothing, entries, unreachable: null }
  }
  yield { node: member.name, isDone: true, ...toldOf(verifier.end(), heads), unreachable: null }
}

const headsOf = ({ id }: Member, { control }: OperationContext): readonly NotedHead[] =>
  control.state.auditHeads.get(id) ?? []

function toldOf(
  { entries, first, last, fault }: Verdict,
  heads: readonly NotedHead[],
): Omit<VerifyItem, 'node' | 'isDone' | 'unreachable'> {
  const vouched = heads.findLast(({ seq }) => last !== null && seq <= last.seq) ?? null
  return {
    ...{ entries, first, last: last?.seq ?? null, problem: fault },
    confirmed: vouched?.seq ?? null,
    confirmedAt: isoOrNull(vouched?.at ?? null),
  }
}

export const auditExport = stream({
  name: 'audit.export',
  about: 'Read audit logs as a file that can be checked anywhere: `clawbernetes audit verify --file`.',
  input: z.strictObject({
    ...nodesInput,
    format: z.enum(formats).default('jsonl'),
    since: since.optional().describe('Leave out what is older: 30d, or an ISO time'),
  }),
  output: z.object({ text: z.string().describe('The next part of the file') }),
  permission: auditing,
  rest: { method: 'GET', path: '/api/audit/export' },
  async *handler({ format, since: text, ...wanted }, context, call) {
    const from = momentOf(text, context.clock.now())
    const exporter = new Exporter(format)
    for (const member of await nodesOf(wanted, context, call.signal))
      for await (const part of exported(member, exporter, { from, context, call })) yield { text: part }
  },
})

interface Exporting {
  readonly from: number | null
  readonly context: OperationContext
  readonly call: Call
}

/** Characters that are put together in one item. */
const partChars = 128 * 1_024

async function* exported(
  member: Member,
  exporter: Exporter,
  { from, context, call }: Exporting,
): AsyncGenerator<string> {
  const heads = headsOf(member, context)
  const log = { node: member.id, name: member.name, exportedAt: context.clock.now(), heads }
  let text = ''
  let isBegun = false
  for await (const line of linesOf(member, {}, call)) {
    // The chain is cut once, at its beginning: what follows stays whole.
    if (!isBegun && from !== null && isOlder(line, from)) continue
    if (!isBegun) text += exporter.open(log, from === null ? null : line)
    isBegun = true
    text += exporter.line(line)
    if (text.length < partChars) continue
    yield text
    text = ''
  }
  if (!isBegun) text += exporter.open({ ...log, heads: from === null ? heads : [] }, null)
  yield text + exporter.close(log)
}

const isOlder = (line: string, from: number): boolean => (readLine(line)?.entry.at ?? Infinity) < from
