/** What a provider says that a lease has used, as it goes over the wire and to disk. What it means is decided in core/molt/meter.ts. */
import { z } from 'zod'
import { Amount } from './amount.ts'
import { Hash, Signature } from './molt-agreement.ts'

/** Of a lease, from its start. */
export const MeterNote = z.strictObject({
  agreement: Hash,
  /** From 1, without gap. */
  sequence: z.int().min(1),
  /** Of the note before; that of the agreement for the first. */
  previous: Hash,
  /** Milliseconds of all GPUs together. */
  gpuMillis: Amount,
  /** In µMOLT, and never more than is set aside. */
  due: Amount,
  at: z.int().min(0),
})
export type MeterNote = z.infer<typeof MeterNote>

/** With its provider's signature. */
export const SignedNote = z.strictObject({ note: MeterNote, signature: Signature })
export type SignedNote = z.infer<typeof SignedNote>
