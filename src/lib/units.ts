/** Sizes and spans of time as people type them, and back. A parser answers null for what it cannot read. */

const mibPerUnit: Readonly<Record<string, number>> = {
  b: 1 / 1_048_576,
  k: 1 / 1_024,
  m: 1,
  g: 1_024,
  t: 1_048_576,
}

/**
 * Memory in whole MiB, rounded up. Units are binary, as Docker reads them, whether written `g`, `Gi`, `GB` or `GiB`, in any case;
 * a bare number is MiB.
 */
export function parseMemoryMib(text: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)\s*(?:(b)|([kmgt])i?b?)?$/i.exec(text.trim())
  if (parts === null) return null
  const unit = (parts[2] ?? parts[3] ?? 'm').toLowerCase()
  const mib = Math.ceil(Number(parts[1]) * (mibPerUnit[unit] ?? NaN))
  return Number.isSafeInteger(mib) ? mib : null
}

/** The shortest exact spelling of whole MiB: `64Gi`, `1.5Gi`, `81559Mi`. `parseMemoryMib` reads it back unchanged. */
export function formatMib(mib: number): string {
  for (const [unit, size] of [
    ['Ti', 1_048_576],
    ['Gi', 1_024],
  ] as const)
    if (mib >= size && (mib * 2) % size === 0) return `${mib / size}${unit}`
  return `${mib}Mi`
}

const millisPerUnit: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
}

const unitsOf = /(\d+(?:\.\d+)?)\s*(ms|w|d|h|m|s)\s*/gi

/** Milliseconds in `90s`, `1h30m`, `1.5h`, `2d`, `250ms`. A bare number is seconds. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim()
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) return whole(Number(trimmed) * 1_000)
  if (trimmed === '' || trimmed.replace(unitsOf, '') !== '') return null
  let sum = 0
  for (const [, amount, unit] of trimmed.matchAll(unitsOf))
    sum += Number(amount) * (millisPerUnit[(unit ?? '').toLowerCase()] ?? NaN)
  return whole(sum)
}

/** Whole milliseconds exactly, as in `1d2h3m4s5ms`; `0s` for none. `parseDuration` reads it back unchanged. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`
  let rest = Math.round(ms)
  let text = ''
  for (const [unit, size] of Object.entries(millisPerUnit)) {
    if (unit === 'w') continue
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) text += `${count}${unit}`
  }
  return text === '' ? '0s' : text
}

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** Wall-clock milliseconds of `1h ago`, `90s`, `now`, or an ISO time (UTC unless it names a zone), seen from `now`. */
export function parseSince(text: string, now: number): number | null {
  const trimmed = text.trim()
  if (trimmed === 'now') return now
  const iso = isoTime.exec(trimmed)
  if (iso !== null) {
    const hasClock = trimmed.length > 10
    const at = Date.parse(trimmed.replace(' ', 'T') + (hasClock && iso[1] === undefined ? 'Z' : ''))
    return Number.isNaN(at) ? null : at
  }
  const span = parseDuration(trimmed.replace(/\s*ago$/, ''))
  return span === null ? null : now - span
}

const whole = (ms: number): number | null => (Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : null)
