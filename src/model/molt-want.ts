/** What a buyer asks providers for. It is sent to those whose offers fit, and each answers with a bid or says why not. */
import { z } from 'zod'
import { Amount } from './amount.ts'
import { party } from './molt-agreement.ts'
import { DataWant } from './molt-data.ts'
import { gpuCount, gpuModel, instant, isolation, leaseSpan, memoryMib, region, verification } from './molt-hardware.ts'

export const strategies = ['lowest-price', 'highest-reputation', 'fastest', 'balanced'] as const

/** SHA-256 of an image's manifest. */
export const imageDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits')

export const Want = z
  .strictObject({
    network: z.string().min(1).max(64),
    buyer: party,
    /** Chosen by the buyer, so that the same wish twice is two. */
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
    gpus: gpuCount,
    /** A model or a family such as `H100`; null for any. */
    model: gpuModel.nullable(),
    /** Of one GPU, at least. */
    memoryMib,
    duration: leaseSpan,
    /** For all of it. */
    maxTotal: Amount,
    /** Of 100. At 0 those whom nobody knows may bid, too. */
    minReputation: z.int().min(0).max(100),
    /** Those it accepts. */
    isolation: z.array(isolation).min(1).max(3),
    /** They come first, whatever others bid. */
    preferred: z.array(party).max(32),
    region: region.nullable(),
    minVerification: verification,
    /** Whom it lets judge, each of them also alone: all of the hold can be what they say. A bid names no others. */
    arbiters: z.array(party).max(7),
    image: z.strictObject({
      /** With its registry, without tag and digest: what providers allow images by. */
      name: z.string().regex(/^[a-z0-9][a-z0-9._:/-]{0,254}$/),
      digest: imageDigest,
    }),
    /** Not there for work that nothing is sent for, and that leaves nothing. */
    data: DataWant.exactOptional(),
    strategy: z.enum(strategies),
    issuedAt: instant,
    /** Bids that come later are not looked at. */
    deadline: instant,
  })
  .refine(({ issuedAt, deadline }) => issuedAt < deadline, 'the deadline is over before it begins')
  .refine(({ issuedAt, deadline }) => deadline - issuedAt <= 600_000, 'it waits for bids longer than ten minutes')
export type Want = z.infer<typeof Want>
