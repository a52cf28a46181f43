/** Options that take a span of time. */
import { parseDuration } from '../../../lib/units.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Millis } from '../../../model/time.ts'

/** Longest span that a timer keeps, in milliseconds. */
const longest = 2 ** 31 - 1

/** Null when the option was left out. Throws INVALID_REQUEST for what is no span that a timer can keep. */
export function spanOption(option: string, text: string | undefined): Millis | null {
  if (text === undefined) return null
  const span = parseDuration(text)
  if (span !== null && span >= 1 && span <= longest) return span
  throw new ClawError('INVALID_REQUEST', { problem: `${option} ${text} is no span of time: write 90s, 30m or 2h` })
}
