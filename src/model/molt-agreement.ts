/** What a buyer and a provider agree on in a MOLT network, and who they are, as it goes over the wire and to disk. */
import { z } from 'zod'
import { Amount, costOf } from './amount.ts'
import { nodeId } from './ids.ts'
import { DataTerms } from './molt-data.ts'

/** Whoever has a key: a peer id. */
export const party = z.string().min(1).max(128).transform(nodeId)

/** SHA-256, 64 hex digits. */
export type Hash = string
export const Hash = z.string().regex(/^[0-9a-f]{64}$/)

/** Ed25519, base64. */
export type Signature = string
export const Signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/)

const instant = z.int().min(0)

/** No time for disputes is longer. */
export const longestWindow = 7 * 86_400_000

export const Terms = z
  .strictObject({
    network: z.string().min(1).max(64),
    buyer: party,
    provider: party,
    /** Chosen by the buyer, so that two agreements on the same are two. */
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
    gpus: z.int().min(1).max(1_024),
    model: z.string().min(1).max(128),
    /** In µMOLT for a second of one GPU. */
    rate: Amount,
    /** What is set aside for it: no more can become due. */
    hold: Amount,
    /** So much use without a voucher the provider bears before it pauses the work: what one interval costs, at most. */
    credit: Amount,
    /** Between two meter notes, in milliseconds. */
    interval: z.int().min(1_000).max(3_600_000),
    /** So long before it takes its GPUs back the provider says so, in milliseconds. */
    reclaim: z.int().min(0).max(86_400_000),
    startsAt: instant,
    endsAt: instant,
    /** Who decides a dispute: all of them have to agree. */
    arbiters: z.array(party).max(7),
    /**
     * So long after its end, in milliseconds, its provider cannot claim: that time is the arbiters'. Half of the time for claims of the network at most,
     * whatever is written. Not there without arbiters.
     */
    disputeWindow: z.int().min(1_000).max(longestWindow).exactOptional(),
    /** SHA-256 of the image's manifest. */
    image: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    isolation: z.enum(['gvisor', 'kata', 'runc']),
    /** Not there for work that nothing is sent for, and that leaves nothing. */
    data: DataTerms.exactOptional(),
  })
  .refine(({ buyer, provider }) => buyer !== provider, 'nobody lends to himself')
  .refine(
    ({ credit, rate, gpus, interval }) => credit <= costOf(rate, BigInt(gpus) * BigInt(interval)),
    'more credit than one interval costs',
  )
  .refine(({ startsAt, endsAt }) => startsAt < endsAt, 'it ends before it starts')
  .refine(
    ({ arbiters, buyer, provider }) => !arbiters.includes(buyer) && !arbiters.includes(provider),
    'a party is no arbiter',
  )
  .refine(
    ({ arbiters, disputeWindow }) => arbiters.length > 0 || disputeWindow === undefined,
    'time for disputes, and nobody to judge them',
  )
export type Terms = z.infer<typeof Terms>

export const Agreement = z.strictObject({
  terms: Terms,
  byBuyer: Signature,
  byProvider: Signature,
})
export type Agreement = z.infer<typeof Agreement>
