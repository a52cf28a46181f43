/** Fields of rows as people write them: `utilization`, `gpus.utilization`, or short where that is clear, `gpu.util`. */
import { closest } from '../../lib/closest.ts'
import { ClawError } from '../../model/failure.ts'

export type Field = readonly string[]

export const fieldOf = (text: string): Field => text.replace(/^\$?\.?/, '').split('.')

/** All that the field leads to in a row; in a list, in each of its items. Throws INVALID_REQUEST for a field that no row can have. */
export function valuesOf(row: unknown, field: Field): readonly unknown[] {
  const [first, ...rest] = field
  if (first === undefined) return Array.isArray(row) ? row : [row]
  if (Array.isArray(row)) return row.flatMap((item) => valuesOf(item, field))
  if (typeof row !== 'object' || row === null) return []
  const key = keyFor(first, Object.keys(row))
  return valuesOf((row as Readonly<Record<string, unknown>>)[key], rest)
}

/** Exactly so, or as the plural, or as the only beginning. */
function keyFor(wanted: string, keys: readonly string[]): string {
  const lower = wanted.toLowerCase()
  const same = keys.find((key) => key === wanted) ?? keys.find((key) => key.toLowerCase() === lower)
  const found = same ?? keys.find((key) => key.toLowerCase() === `${lower}s`)
  if (found !== undefined) return found
  const begins = keys.filter((key) => key.toLowerCase().startsWith(lower))
  const [only] = begins
  if (only !== undefined && begins.length === 1) return only
  throw new ClawError('INVALID_REQUEST', { problem: unclear(wanted, begins, keys) })
}

function unclear(wanted: string, begins: readonly string[], keys: readonly string[]): string {
  if (begins.length > 1) return `${wanted} could be ${begins.join(' or ')}`
  const near = closest(wanted, keys)
  const meant = near === null ? '' : `; did you mean ${near}?`
  return `there is no field ${wanted}${meant || `; there are ${keys.join(', ')}`}`
}
