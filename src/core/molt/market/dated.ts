/** How far the clocks of strangers may be from ours. */
import type { Instant, Millis } from '../../../model/time.ts'
import { second } from '../../../model/time.ts'

export const mostAhead: Millis = 120 * second

/** What is said to be from later than that is a lie, and what is over is over. */
export const isCurrent = (
  { issuedAt, until }: { readonly issuedAt: Instant; readonly until: Instant },
  now: Instant,
): boolean => issuedAt <= now + mostAhead && now < until
