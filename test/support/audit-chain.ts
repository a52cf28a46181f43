/** Chains of audit entries, and what somebody might do to one. */
import fc from 'fast-check'
import { lineOf, linkAfter } from '../../src/core/audit/entry.ts'
import type { AuditHead, AuditRecord } from '../../src/model/audit.ts'
import { nodeId } from '../../src/model/ids.ts'

export const node = nodeId('12D3KooWAda')

export const record = (parts: Partial<AuditRecord> = {}): AuditRecord => ({
  ...{ actor: 'socket', via: null, operation: 'workload.run', verb: 'create', resource: 'workload' },
  ...{ namespace: 'default', object: 'train', request: 'r1', decision: 'allowed', outcome: 'ok', count: 1, ...parts },
})

export interface Chain {
  readonly lines: readonly string[]
  readonly heads: readonly AuditHead[]
}

export function chainOf(records: readonly AuditRecord[], from: AuditHead | null = null): Chain {
  const heads: AuditHead[] = []
  const lines: string[] = []
  let head = from
  for (const [i, one] of records.entries()) {
    const link = linkAfter(head, one, { node, at: 1_000 + i })
    head = { seq: link.entry.seq, hash: link.hash }
    heads.push(head)
    lines.push(lineOf(link))
  }
  return { lines, heads }
}

export const records: fc.Arbitrary<readonly AuditRecord[]> = fc.array(
  fc
    .record({
      actor: fc.constantFrom('socket', 'token:api', 'ada'),
      operation: fc.constantFrom('workload.run', 'node.remove'),
      object: fc.option(fc.string({ maxLength: 40 })),
      outcome: fc.constantFrom('begun', 'ok', 'PERMISSION_DENIED'),
    })
    .map((parts) => record(parts)),
  { minLength: 3, maxLength: 30 },
)

/** Which line, as a part of all, and what else the tampering needs. */
export interface Tampering {
  readonly kind: 'edited' | 'dropped' | 'reordered' | 'duplicated' | 'truncated' | 'forged'
  readonly where: number
  readonly other: number
}

export const tampering: fc.Arbitrary<Tampering> = fc.record({
  kind: fc.constantFrom('edited', 'dropped', 'reordered', 'duplicated', 'truncated', 'forged'),
  where: fc.double({ min: 0, max: 0.999, noNaN: true }),
  other: fc.double({ min: 0, max: 0.999, noNaN: true }),
})

/** The lines as they are afterwards, and the first entry that is not right then. */
export function tamper({ lines }: Chain, { kind, where, other }: Tampering): { lines: readonly string[]; seq: number } {
  const at = Math.floor(where * lines.length)
  const line = lines[at] ?? ''
  switch (kind) {
    case 'edited': {
      const place = Math.floor(other * line.length)
      const letter = line[place] === 'x' ? 'y' : 'x'
      return { lines: lines.with(at, line.slice(0, place) + letter + line.slice(place + 1)), seq: at + 1 }
    }
    case 'dropped':
      // The last one of all is another matter: it is cut off.
      return at === lines.length - 1
        ? { lines: lines.slice(0, -1), seq: lines.length }
        : { lines: lines.toSpliced(at, 1), seq: at + 1 }
    case 'reordered': {
      const to = (at + 1 + Math.floor(other * (lines.length - 1))) % lines.length
      return { lines: lines.toSpliced(at, 1).toSpliced(to, 0, line), seq: Math.min(at, to) + 1 }
    }
    case 'duplicated': {
      const to = at + 1 + Math.floor(other * (lines.length - at))
      return { lines: lines.toSpliced(to, 0, line), seq: at + 1 }
    }
    case 'truncated':
      return { lines: lines.slice(0, at), seq: at + 1 }
    case 'forged': {
      const entry = JSON.parse(line) as Record<string, unknown> & AuditRecord & { seq: number; prev: string }
      const before = at === 0 ? null : { seq: at, hash: entry.prev }
      const link = linkAfter(before, { ...entry, actor: 'nobody' }, { node, at: 1_000 + at })
      return { lines: lines.with(at, lineOf(link)), seq: at + 1 }
    }
  }
}
