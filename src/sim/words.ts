/** How figures of a report read. */
import type { Millis } from '../model/time.ts'

/** `340 ms`, `4.2 s`, `2 min 05 s`. */
export function spanInWords(ms: Millis): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

/** Nothing at full speed. */
export const speedInWords = (speed: number): string => (speed === 1 ? '' : ` at ${speed} of real speed`)

export const orNever = (ms: Millis | null): string => (ms === null ? 'not seen' : spanInWords(ms))

/** `completed 998, failed 2`; a dash for nothing. */
export const countsInWords = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || '—'

/** `peer-1, peer-2, peer-3 and 7 more`. */
export function namesInWords(names: readonly string[], most = 3): string {
  const rest = names.length - most
  return rest <= 0 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${rest} more`
}
