/** What offers, wants and bids have in common: how much of what, for how long, where, how guests are kept apart, and how sure it is. */
import { z } from 'zod'

/** Wall-clock milliseconds. */
export const instant = z.int().min(0)

export const isolations = ['gvisor', 'kata', 'runc'] as const
export const isolation = z.enum(isolations)
export type Isolation = z.infer<typeof isolation>

/**
 * How sure it is that the hardware is what its owner says, from the least to the most. A buyer knows from what it has been shown itself; what others
 * say of themselves is `self-reported`, whatever they say.
 */
export const verifications = ['self-reported', 'probed', 'vendor-attested', 're-executed'] as const
export const verification = z.enum(verifications)
export type Verification = z.infer<typeof verification>

/** Whether the first is at least as sure as the second. */
export const isAsSure = (one: Verification, other: Verification): boolean =>
  verifications.indexOf(one) >= verifications.indexOf(other)

/** Where it is, in its owner's words: `eu-west`. */
export const region = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be like eu-west')

/** What no sane message says more of. */
export const mostGpus = 1_024
export const longestLease = 30 * 86_400_000
/** A terabyte a GPU and then some. */
const mostMemoryMib = 16_777_216
export const gpuCount = z.int().min(1).max(mostGpus)
export const memoryMib = z.int().min(0).max(mostMemoryMib)
export const gpuModel = z.string().min(1).max(128)
export const leaseSpan = z.int().min(1_000).max(longestLease)
