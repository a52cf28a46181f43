/** When an issuer has to say again what it has said: kad-dht forgets values, and nobody says them for it. */
import { hour, type Instant, type Millis } from '../../model/time.ts'

const atLeastEvery: Millis = 12 * hour

/**
 * A third of its life after it was issued, and twelve hours at most; up to a tenth sooner, as chance (from 0 to 1) has it, so that records of one
 * moment do not come again in one moment.
 */
export function renewalAt(
  { issuedAt, endOfLife }: { readonly issuedAt: Instant; readonly endOfLife: Instant },
  chance: number,
): Instant {
  const span = Math.min((endOfLife - issuedAt) / 3, atLeastEvery)
  return issuedAt + Math.floor(span * (1 - chance / 10))
}
