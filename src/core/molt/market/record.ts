/** What leases and purchases are made of, as it is kept on disk, and how patient each party is with the other. */
import { z } from 'zod'
import { Amount } from '../../../model/amount.ts'
import type { DataTerms } from '../../../model/molt-data.ts'
import { instant } from '../../../model/molt-hardware.ts'
import { MeterNote } from '../../../model/molt-note.ts'
import type { Millis } from '../../../model/time.ts'

export const MeterRecord = z.strictObject({
  gpuMillis: Amount,
  at: instant,
  isRunning: z.boolean(),
  vouched: Amount,
  last: MeterNote.nullable(),
})

export const PayerRecord = z.strictObject({ vouched: Amount, last: MeterNote.nullable() })

export const Outcome = z.strictObject({
  how: z.enum(['agreed', 'claimed', 'taken-back', 'judged', 'nothing']),
  paid: Amount,
})
/** How an agreement ended; `nothing`: nothing was due, and nothing was closed for it. */
export type Outcome = z.infer<typeof Outcome>

/** A provider says so often how the work is, in milliseconds. */
export const wordEvery = 5_000

/** What was just used may not have been seen yet: so much of a whole lease, in milliseconds, is believed without. */
export const unseen = 2_000

/** Patience, in milliseconds: of honest parties with honest clocks each is more than enough. */
export const patience = {
  /** For the other's signature under an agreement. */
  countersign: 20_000,
  /** For the hold to be paid. */
  funding: 60_000,
  /** For the image to be there and the work to begin. */
  start: 600_000,
  /** Without a word of the provider: its work does not run any more, as far as its buyer can know. */
  silence: 60_000,
  /** For a voucher, while the work is paused. */
  pause: 120_000,
  /** For the last note and its voucher. */
  lastNote: 30_000,
  /** For the other to close together; then the provider claims. */
  close: 120_000,
} as const

/** For the work to begin: longer where something has to be sent for it. */
export const startPatience = ({ data }: { readonly data?: DataTerms | undefined }): Millis =>
  patience.start + (data?.sendMs ?? 0)
