/** What a provider answers to a want: at which terms it lends, for as long as it holds the GPUs for it, or why it does not. */
import { z } from 'zod'
import { Amount } from './amount.ts'
import { Hash, longestWindow, party, Signature } from './molt-agreement.ts'
import { DataTerms } from './molt-data.ts'
import { gpuCount, gpuModel, instant, isolation, memoryMib, region } from './molt-hardware.ts'
import { imageDigest } from './molt-want.ts'
import { minute } from './time.ts'

/** No GPUs are held longer for somebody who has agreed to nothing. */
export const longestBid = 10 * minute

export const Bid = z
  .strictObject({
    network: z.string().min(1).max(64),
    provider: party,
    buyer: party,
    /** Of the want that it answers. */
    want: Hash,
    gpus: gpuCount,
    model: gpuModel,
    memoryMib,
    /** In µMOLT for a second of one GPU. */
    rate: Amount,
    /** Use without a voucher that the provider bears. */
    credit: Amount,
    /** Between two meter notes, in milliseconds. */
    interval: z.int().min(1_000).max(3_600_000),
    /** So long before it takes its GPUs back the provider says so, in milliseconds. */
    reclaim: z.int().min(0).max(86_400_000),
    /** Of those whom the buyer accepts. */
    arbiters: z.array(party).max(7),
    /** So long after its end they have to judge a dispute, in milliseconds. Not there without arbiters. */
    disputeWindow: z.int().min(1_000).max(longestWindow).exactOptional(),
    isolation,
    region: region.nullable(),
    /** SHA-256 of the image's manifest. */
    image: imageDigest,
    /** Not there where the buyer wants none. */
    data: DataTerms.exactOptional(),
    issuedAt: instant,
    /** When work can begin. */
    availableAt: instant,
    /** Until then the GPUs are held. */
    validUntil: instant,
  })
  .refine(({ buyer, provider }) => buyer !== provider, 'nobody lends to himself')
  .refine(({ issuedAt, validUntil }) => issuedAt < validUntil, 'it ends before it begins')
  .refine(({ issuedAt, validUntil }) => validUntil - issuedAt <= longestBid, 'it is valid longer than ten minutes')
  .refine(
    ({ arbiters, buyer, provider }) => !arbiters.includes(buyer) && !arbiters.includes(provider),
    'a party is no arbiter',
  )
export type Bid = z.infer<typeof Bid>

export const SignedBid = z.strictObject({ bid: Bid, signature: Signature })
export type SignedBid = z.infer<typeof SignedBid>

/** Why a provider does not lend, in the order in which it decides. */
export const declineReasons = [
  ...(['network', 'dated', 'closed-out', 'blocked', 'blackout', 'paused'] as const),
  ...(['concurrency', 'capacity', 'model', 'isolation', 'region', 'image', 'data'] as const),
  ...(['price', 'too-little', 'reputation', 'newcomer', 'too-short', 'too-long', 'approval'] as const),
] as const

export const Decline = z.strictObject({ want: Hash, reason: z.enum(declineReasons) })
export type Decline = z.infer<typeof Decline>
export type DeclineReason = Decline['reason']
