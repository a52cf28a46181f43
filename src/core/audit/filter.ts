/** Which entries somebody wants to see. */
import { z } from 'zod'
import type { AuditEntry } from '../../model/audit.ts'
import { decisions } from '../../model/audit.ts'

const word = z.string().min(1).max(256).optional()

export const AuditFilter = z.strictObject({
  actor: word.describe('Who did it'),
  operation: word.describe('Such as workload.run; `workload.*` for all of them'),
  resource: word.describe('What kind of thing: workload, node, secret …'),
  namespace: word.describe('In this namespace'),
  object: word.describe('Done to what goes by this name or id'),
  decision: z.enum(decisions).optional().describe('Only what was allowed, or only what was denied'),
  request: word.describe('All that one request has led to'),
  from: z.number().min(0).optional().describe('Not before then, milliseconds since 1970'),
  until: z.number().min(0).optional().describe('Not after then'),
})
export type AuditFilter = z.infer<typeof AuditFilter>

export function isWanted(entry: AuditEntry, { operation, from, until, ...exact }: AuditFilter): boolean {
  if (from !== undefined && entry.at < from) return false
  if (until !== undefined && entry.at > until) return false
  if (operation !== undefined && !isCalled(entry.operation, operation)) return false
  return (Object.keys(exact) as (keyof typeof exact)[]).every(
    (key) => exact[key] === undefined || entry[key] === exact[key],
  )
}

const isCalled = (name: string, wanted: string): boolean =>
  wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted
