/** Entries as the lines of a chain: canonical JSON with its own hash in it, which the next entry names. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import { sha256 } from '../../lib/sha256.ts'
import { z } from 'zod'
import type { AuditEntry, AuditHead, AuditRecord } from '../../model/audit.ts'
import { decisions } from '../../model/audit.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'

/** Longest line that counts as one, in characters. */
export const longestLine = 8_192
const longest = 256
const tag = 'claw/audit/v1'

/** What the first entry of a node names as the one before it. */
export const originOf = (node: NodeId): string => sha256(`${tag} origin\n${node}`)

const words = z.string().min(1).max(longest)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const node = words.transform(nodeId)

const LineSchema = z.strictObject({
  node,
  seq: z.int().min(1),
  at: z.number().min(0),
  prev: hash,
  actor: words,
  via: node.nullable(),
  operation: words,
  verb: words,
  resource: words,
  namespace: words.nullable(),
  object: words.nullable(),
  request: words,
  decision: z.enum(decisions),
  outcome: words,
  count: z.int().min(1),
  hash,
}) satisfies z.ZodType<AuditEntry & { readonly hash: string }>

export interface Link {
  readonly entry: AuditEntry
  readonly hash: string
}

export const hashOf = (entry: AuditEntry): string => sha256(`${tag}\n${canonicalJson(entry)}`)

/** The next link after this head of a node's chain. */
export function linkAfter(
  head: AuditHead | null,
  record: AuditRecord,
  { node: own, at }: { readonly node: NodeId; readonly at: Instant },
): Link {
  const entry: AuditEntry = {
    ...fitted(record),
    ...{ node: own, at, seq: (head?.seq ?? 0) + 1, prev: head?.hash ?? originOf(own) },
  }
  return { entry, hash: hashOf(entry) }
}

export const lineOf = ({ entry, hash: own }: Link): string => canonicalJson({ ...entry, hash: own })

/** Null for what no writer of entries wrote: its shape, its spelling or its own hash is not right. */
export function readLine(line: string): Link | null {
  const parsed = line.length > longestLine ? null : LineSchema.safeParse(jsonIn(line))
  if (parsed?.success !== true) return null
  const { hash: own, ...entry } = parsed.data
  const link = { entry, hash: own }
  return lineOf(link) === line && hashOf(entry) === own ? link : null
}

/** The number that a line claims for itself, whether or not it is good; null when it claims none. */
export function claimedSeq(line: string): number | null {
  const json = jsonIn(line)
  const seq = typeof json === 'object' && json !== null && 'seq' in json ? json.seq : null
  return typeof seq === 'number' ? seq : null
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}

/** What would begin a new line, or a new colour, where entries are shown. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Callers choose some of the words, so these are cut to what fits, and never empty. */
function fitted(record: AuditRecord): AuditRecord {
  const cut = (text: string): string => text.replace(unprintable, ' ').slice(0, longest).toWellFormed()
  const word = (text: string): string => (text === '' ? '-' : cut(text))
  const orNull = (text: string | null): string | null => (text === null || text === '' ? null : cut(text))
  const { actor, operation, verb, resource, request, namespace, object, via, decision, outcome, count } = record
  return {
    ...{ actor: word(actor), operation: word(operation), verb: word(verb), resource: word(resource) },
    ...{ request: word(request), outcome: word(outcome), namespace: orNull(namespace), object: orNull(object) },
    ...{ via, decision, count },
  }
}
