/** Where a provider's offers are seen by everybody in its network. */
import type { Offer } from '../model/molt-offer.ts'

export interface OfferBoard {
  /** Says it again, or instead of the one with its number. Throws a ClawError when it could not be said; it is tried again then. */
  publish(offer: Offer, signal: AbortSignal): Promise<void>
  /** What is withdrawn is found no more. Throws as `publish` does. */
  withdraw(number: number, signal: AbortSignal): Promise<void>
}
