/** Whether an offer or a bid is what a buyer wants. Everything in them was said by a stranger. */
import type { MicroMolt } from '../../../model/amount.ts'
import { costOf } from '../../../model/amount.ts'
import { gpuModelMatches } from '../../../model/gpu.ts'
import type { SignedBid } from '../../../model/molt-bid.ts'
import type { Verification } from '../../../model/molt-hardware.ts'
import { isAsSure } from '../../../model/molt-hardware.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import type { Verifier } from '../../../ports/signer.ts'
import { isSignedBy } from '../signing.ts'
import { leastPayment } from '../spend.ts'
import { isCurrent } from './dated.ts'
import { totalFor, wantHash } from './decide.ts'
import type { Standing } from './reputation.ts'

/** What a buyer knows of a provider, not what the provider says. */
export interface Known extends Standing {
  /** How sure the buyer is of its hardware: what it has been shown. */
  readonly verification: Verification
  /** It was found wrong, and has shown nothing better since. */
  readonly isSuspect?: boolean
}

/** As far as an offer tells; words that bids and declines share mean the same there. */
export type OfferProblem =
  | ('network' | 'own' | 'dated' | 'capacity' | 'memory' | 'model' | 'too-short' | 'too-long')
  | ('isolation' | 'region' | 'price' | 'too-little')

/** Why it is not worth asking this provider for a bid; null when it is. First what the buyer can change least. */
export function offerProblem(offer: Offer, want: Want, now: Instant): OfferProblem | null {
  if (offer.network !== want.network) return 'network'
  if (offer.provider === want.buyer) return 'own'
  if (!isCurrent({ issuedAt: offer.issuedAt, until: offer.endOfLife }, now)) return 'dated'
  if (!isWantedModel(want, offer.model)) return 'model'
  if (offer.memoryMib < want.memoryMib) return 'memory'
  if (offer.free < want.gpus) return 'capacity'
  if (want.region !== null && want.region !== offer.region) return 'region'
  if (!want.isolation.includes(offer.isolation)) return 'isolation'
  if (want.duration < offer.shortest) return 'too-short'
  if (want.duration > offer.longest) return 'too-long'
  if (totalFor(offer.rate, want) > want.maxTotal) return 'price'
  return totalFor(offer.rate, want) < leastPayment ? 'too-little' : null
}

export const matches = (offer: Offer, want: Want, now: Instant): boolean => offerProblem(offer, want, now) === null

const isWantedModel = ({ model }: Want, given: string): boolean => model === null || gpuModelMatches(given, model)

export type BidProblem =
  | ('network' | 'want' | 'signature' | 'dated' | 'late' | 'hardware' | 'isolation' | 'region' | 'image' | 'data')
  | ('price' | 'too-little' | 'arbiters' | 'credit' | 'closed-out' | 'reputation' | 'verification')

/** Work has to be able to begin so soon after a bid. */
export const longestWait: Millis = 3_600_000

/** Why a bid cannot be taken; null when it can. */
export function bidProblem(
  { bid, signature }: SignedBid,
  want: Want,
  { known, verifier, now }: { readonly known: Known; readonly verifier: Verifier; readonly now: Instant },
): BidProblem | null {
  if (bid.network !== want.network || bid.buyer !== want.buyer) return 'network'
  if (bid.want !== wantHash(want)) return 'want'
  if (!isCurrent({ issuedAt: bid.issuedAt, until: bid.validUntil }, now)) return 'dated'
  if (bid.availableAt > now + longestWait) return 'late'
  if (bid.gpus !== want.gpus || bid.memoryMib < want.memoryMib || !isWantedModel(want, bid.model)) return 'hardware'
  if (!want.isolation.includes(bid.isolation)) return 'isolation'
  if (want.region !== null && bid.region !== want.region) return 'region'
  if (bid.image !== want.image.digest) return 'image'
  if (!isDataWanted(bid, want)) return 'data'
  if (totalFor(bid.rate, want) > want.maxTotal) return 'price'
  if (totalFor(bid.rate, want) < leastPayment) return 'too-little'
  if (!areAccepted(bid, want)) return 'arbiters'
  if (bid.credit > intervalCost(bid)) return 'credit'
  if (known.isClosedOut) return 'closed-out'
  if ((known.score ?? 0) < want.minReputation) return 'reputation'
  if (!isAsSure(known.verification, want.minVerification)) return 'verification'
  const said = { kind: 'bid', network: bid.network, value: bid } as const
  return isSignedBy(verifier, bid.provider, said, signature) ? null : 'signature'
}

/** An arbiter can give all of the hold to the provider: none is one whom the buyer has not named. */
const areAccepted = ({ arbiters, buyer, provider, disputeWindow }: SignedBid['bid'], want: Want): boolean =>
  // Arbiters without time to judge protect nobody.
  arbiters.length > 0 === (disputeWindow !== undefined) &&
  arbiters.every((arbiter) => want.arbiters.includes(arbiter) && arbiter !== buyer && arbiter !== provider)

/** Just as much of it as the buyer wants moved. */
const isDataWanted = ({ data: given }: SignedBid['bid'], { data: wanted }: Want): boolean =>
  wanted === undefined || given === undefined
    ? wanted === given
    : given.inputs === wanted.inputs && given.outputs === wanted.outputs && given.image === wanted.image

const intervalCost = ({ rate, gpus, interval }: SignedBid['bid']): MicroMolt =>
  costOf(rate, BigInt(gpus) * BigInt(interval))
