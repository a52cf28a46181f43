/** What a witness writes down: the lines that are final, and what it has promised for the lines that come next. */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Certificate } from '../../model/molt-line.ts'
import { accountName, Certificate as CertificateSchema, Order } from '../../model/molt-line.ts'

const Promised = z.strictObject({
  type: z.literal('promised'),
  account: accountName,
  /** Of the last line that is final: it is about the one after. */
  sequence: z.int().min(0),
  round: z.int().min(0),
  /** What it has voted for in that round. */
  order: Order.nullable(),
  lock: CertificateSchema.nullable(),
})
export type Promised = z.infer<typeof Promised>

const WitnessRecord = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('final'), line: CertificateSchema }),
  Promised,
])
export type WitnessRecord = { readonly type: 'final'; readonly line: Certificate } | Promised

export const encodeWitnessRecord = (record: WitnessRecord): Uint8Array => Buffer.from(canonicalJson(record))

/** Null for what this program did not write. */
export function decodeWitnessRecord(bytes: Uint8Array): WitnessRecord | null {
  try {
    const read = WitnessRecord.safeParse(JSON.parse(Buffer.from(bytes).toString()))
    return read.success ? read.data : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
