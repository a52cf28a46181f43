/** What differs between what is and what is asked for, field by field. */
import { z } from 'zod'
import { hiddenValue, isSecretive } from '../../core/vault/names.ts'

export const Change = z.object({
  field: z.string().describe('Such as `spec.image`'),
  before: z.unknown().describe('Null for what is not there now'),
  after: z.unknown().describe('Null for what is not there any more'),
})
type Change = z.output<typeof Change>

/** In the order of the fields; lists are compared as a whole. Values of variables that look like secrets are left out. */
export function differences(before: unknown, after: unknown, path = ''): readonly Change[] {
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
    return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`))
  }
  if (JSON.stringify(before ?? null) === JSON.stringify(after ?? null)) return []
  const isSecret = path.includes('.env.') && isSecretive(path)
  const shown = (value: unknown): unknown => (value === undefined ? null : isSecret ? '[hidden]' : unsealed(value))
  return [{ field: path, before: shown(before), after: shown(after) }]
}

/** Of what was sealed, only that it was. */
function unsealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unsealed)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === 'sealed' ? hiddenValue : unsealed(inner)]),
  )
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
