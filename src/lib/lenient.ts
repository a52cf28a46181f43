/** Reading what tools print: names and units change between versions, and a value that is not there has many spellings. */

/** The number at the start of a value such as `81559 MiB`, `{ value: 35, unit: 'C' }` or 12; null for `[N/A]` and its kind. */
export function reading(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'object' && value !== null) return reading(field(value, 'value'))
  if (typeof value !== 'string') return null
  const number = /^\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.:-])/i.exec(
    value.replace(/(?<=\d)(?=[a-z%°]+\s*$)/i, ' '),
  )
  return number === null ? null : Number(number[1])
}

/** The words of a value, or null where the tool says that it has none. */
export function words(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'object' && value !== null) return words(field(value, 'value'))
  if (typeof value !== 'string') return null
  const text = value.trim()
  return text === '' || noValue.test(text) ? null : text
}

const noValue =
  /^(?:\[?(?:n\/a|not supported|not available|insufficient permissions|no permission|unknown error|unknown|none|gpu requires reset|requested functionality has been deprecated)\]?|err!?|error)$/i

/** The first of these fields that a record has, its name compared without case and punctuation: `gpu_id`, `GPU ID`, `gpuId`. */
export function field(record: unknown, ...names: readonly string[]): unknown {
  if (typeof record !== 'object' || record === null) return undefined
  const entries = Object.entries(record)
  for (const name of names) {
    const found = entries.find(([key]) => plain(key) === plain(name))
    if (found !== undefined) return found[1]
  }
  return undefined
}

/** The items of a list, or of a record whose values are the items; nothing for anything else. */
export function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

/** The JSON value in a tool's output, whatever it printed before and after it. Undefined when there is none. */
export function jsonIn(text: string): unknown {
  const starts = [...text.matchAll(/^[ \t]*[[{]/gm)].slice(0, 8).map(({ index }) => index)
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1
  for (const start of starts) {
    const value = parsed(text.slice(start, end))
    if (value !== undefined) return value
  }
  return undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '')
