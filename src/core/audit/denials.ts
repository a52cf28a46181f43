/** Who was turned away is written out only so often: the rest is counted, so that a flood of tries fills no disk and hides nothing. */
import type { AuditRecord } from '../../model/audit.ts'
import type { Instant } from '../../model/time.ts'
import { minute } from '../../model/time.ts'

export const denialLimits = {
  window: minute,
  /** Of one actor that are written out, in one window. */
  perActor: 10,
  /** Of all actors together. */
  inAll: 60,
  /** Actors whose further ones are counted for each. Those of the others are counted together. */
  actors: 32,
} as const

export const others = 'others'

interface Held {
  readonly last: AuditRecord
  readonly count: number
}

export interface Denials {
  readonly since: Instant
  readonly written: ReadonlyMap<string, number>
  readonly held: ReadonlyMap<string, Held>
}

export const noDenials = (since: Instant): Denials => ({ since, written: new Map(), held: new Map() })

/** `write` says whether this one is written out. */
export function deny(before: Denials, record: AuditRecord): { readonly denials: Denials; readonly write: boolean } {
  const { since, written, held } = before
  const inAll = [...written.values()].reduce((sum, count) => sum + count, 0)
  const ofActor = written.get(record.actor) ?? 0
  if (inAll < denialLimits.inAll && ofActor < denialLimits.perActor)
    return { denials: { since, held, written: new Map(written).set(record.actor, ofActor + 1) }, write: true }
  const actor = held.has(record.actor) || held.size < denialLimits.actors ? record.actor : others
  const count = (held.get(actor)?.count ?? 0) + 1
  const last = actor === others ? { ...record, actor: others } : record
  return { denials: { since, written, held: new Map(held).set(actor, { last, count }) }, write: false }
}

/** One entry for each actor of whom some were only counted. */
export const summaries = ({ held }: Denials): readonly AuditRecord[] =>
  Array.from(held.values(), ({ last, count }) => ({ ...last, object: null, request: '-', count }))
