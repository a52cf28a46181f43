/** What is put forward in a dispute, and what arbiters decide, as it goes over the wire and to disk. What it means is decided in core/records. */
import { z } from 'zod'
import { Amount } from './amount.ts'
import { Agreement, party, Signature } from './molt-agreement.ts'
import { Certificate, SignedVoucher } from './molt-line.ts'
import { SignedNote } from './molt-note.ts'

export const longestReason = 1_024

export const Put = z.strictObject({
  agreement: Agreement,
  /** Under who has made it: see core/records/parties.ts. */
  parties: z.strictObject({ byBuyer: Signature, byProvider: Signature }),
  /** Who puts it forward, and why. */
  by: party,
  reason: z.string().min(1).max(longestReason),
  at: z.int().min(0),
  /** The last one, which is of the whole lease; and one that contradicts it, where there is such. */
  notes: z.array(SignedNote).max(4),
  /** The last one, which is of the whole lease. */
  vouchers: z.array(SignedVoucher).max(4),
  /** Of the account of what was set aside: what has left it, and what came in. */
  sent: z.array(Certificate).max(8),
  received: z.array(Certificate).max(16),
})
export type Put = z.infer<typeof Put>

/** With the signature of whoever puts it forward. */
export const Evidence = Put.extend({ signature: Signature })
export type Evidence = z.infer<typeof Evidence>

/** What one arbiter has decided: what the provider gets, before the fee. */
export const Ruling = z.strictObject({
  arbiter: party,
  paid: Amount,
  /** By the clock of the arbiter, and later than any that it has signed before: only a later one takes the place of another. */
  at: z.int().min(0),
  /** Under the closing, and under the verdict as records name it. */
  byArbiter: Signature,
  verdict: Signature,
  /** Under what is decided, and when. */
  signature: Signature,
})
export type Ruling = z.infer<typeof Ruling>
