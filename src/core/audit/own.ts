/** What a log says of itself, in its own chain. */
import type { AuditHead, AuditRecord } from '../../model/audit.ts'
import { done } from '../../model/audit.ts'
import type { NodeId } from '../../model/ids.ts'

const own = (node: NodeId, operation: string): Omit<AuditRecord, 'object' | 'count'> => ({
  ...{ actor: node, via: null, operation, verb: 'change', resource: 'audit', namespace: null, request: '-' },
  ...{ decision: 'allowed', outcome: done },
})

const dropped = 'audit.dropped'

/** Everything up to this entry goes, to make room. It is what the first entry that is left hangs on. */
export const droppedUpTo = (node: NodeId, { seq, hash }: AuditHead, count: number): AuditRecord => ({
  ...own(node, dropped),
  ...{ object: `${seq} ${hash}`, count: Math.max(1, count) },
})

/** Up to where the log says that it was dropped; null for any other entry. */
export function readDropped({ operation, object }: Pick<AuditRecord, 'operation' | 'object'>): AuditHead | null {
  const [, seq, hash] = (operation === dropped && /^(\d{1,15}) ([0-9a-f]{64})$/.exec(object ?? '')) || []
  return seq === undefined || hash === undefined ? null : { seq: Number(seq), hash }
}

/** A crash has left so many bytes of an entry that nobody was answered on. */
export const recovered = (node: NodeId, torn: number): AuditRecord => ({
  ...own(node, 'audit.recovered'),
  ...{ object: `${torn} bytes cut off`, count: 1 },
})

/** So many entries could not be written while there was no room, and are not in the log. */
export const missed = (node: NodeId, count: number): AuditRecord => ({
  ...own(node, 'audit.missed'),
  ...{ object: null, count },
})
