/** What a provider says to everybody that it lends: GPUs of one model, at a rate, for some time. It binds nobody; a bid does. */
import { z } from 'zod'
import { Amount } from './amount.ts'
import { party } from './molt-agreement.ts'
import { gpuCount, gpuModel, instant, isolation, leaseSpan, memoryMib, region, verification } from './molt-hardware.ts'
import { hour } from './time.ts'

/** No offer is worth anything after so long. */
export const longestOffer = hour

export const Offer = z
  .strictObject({
    network: z.string().min(1).max(64),
    provider: party,
    /** Among those of its provider, which has one number for each kind of GPU. */
    number: z.int().min(1).max(1_000_000),
    vendor: z.enum(['nvidia', 'amd', 'intel', 'apple', 'unknown']),
    model: gpuModel,
    /** Of one GPU. */
    memoryMib,
    /** So many GPUs are free now. */
    free: gpuCount,
    /** In µMOLT for a second of one GPU. */
    rate: Amount,
    shortest: leaseSpan,
    longest: leaseSpan,
    isolation,
    region: region.nullable(),
    /** What it can show on request; that it can is for the buyer to check. */
    verification,
    issuedAt: instant,
    endOfLife: instant,
  })
  .refine(({ shortest, longest }) => shortest <= longest, 'the shortest lease is longer than the longest')
  .refine(({ issuedAt, endOfLife }) => issuedAt < endOfLife, 'it ends before it begins')
  .refine(({ issuedAt, endOfLife }) => endOfLife - issuedAt <= longestOffer, 'it lives longer than an hour')
export type Offer = z.infer<typeof Offer>
