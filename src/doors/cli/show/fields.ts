/** Fields of rows as people write them: `utilization`, `gpus.utilization`, or short where that is clear, `gpu.util`. */
import { closest } from '../../../lib/closest.ts'
import { ClawError } from '../../../model/failure.ts'

export type Field = readonly string[]

export const fieldOf = (text: string): Field => text.replace(/^\$?\.?/, '').split('.')

/** Their keys are the user's own: each row has others, a dot is part of them, and nothing is short for them. */
const ownKeys = new Set(['labels', 'annotations', 'env', 'nodeSelector'])

/**
 * All that the field leads to in a row; in a list, in each of its items. Throws INVALID_REQUEST for a field that no row can have: that is
 * for `valuesOfAll` to find out where there are several.
 */
export function valuesOf(row: unknown, field: Field): readonly unknown[] {
  const [first, ...rest] = field
  if (first === undefined) return Array.isArray(row) ? row : [row]
  if (Array.isArray(row)) return valuesOfAll(row, field).flat()
  if (typeof row !== 'object' || row === null) return []
  const key = keyFor(first, Object.keys(row))
  const value = (row as Readonly<Record<string, unknown>>)[key]
  return ownKeys.has(key) && rest.length > 0 ? ownValue(value, rest.join('.')) : valuesOf(value, rest)
}

/** The same for each of the rows: nothing for those that lack the field. Throws INVALID_REQUEST when all of them do. */
export function valuesOfAll(rows: readonly unknown[], field: Field): readonly (readonly unknown[])[] {
  let [lacking, problem] = [0, null as unknown]
  const found = rows.map((row) => {
    try {
      return valuesOf(row, field)
    } catch (error) {
      if (!ClawError.is(error, 'INVALID_REQUEST')) throw error
      lacking += 1
      problem ??= error
      return []
    }
  })
  if (lacking > 0 && lacking === rows.length) throw problem
  return found
}

const ownValue = (values: unknown, key: string): readonly unknown[] =>
  typeof values === 'object' && values !== null && Object.hasOwn(values, key)
    ? [(values as Readonly<Record<string, unknown>>)[key]]
    : []

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
