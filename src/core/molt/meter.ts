/**
 * What a lease has used so far, as its provider counts it, and when the work has to pause. After each interval the provider signs a note, and
 * the buyer answers with a voucher; both are of the whole lease, so that the last one is enough, and one that is lost costs nothing. The work
 * pauses at the moment at which what is not vouched for reaches the credit that was agreed: a buyer who stops to sign leaves the provider
 * with one interval unpaid at most.
 */
import type { MicroMolt } from '../../model/amount.ts'
import { costOf } from '../../model/amount.ts'
import type { MeterNote } from '../../model/molt-note.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Terms } from './agreement.ts'
import type { SignedVoucher } from './closing.ts'
import type { Hash } from './signing.ts'
import { hashOf } from './signing.ts'

export type { MeterNote }

export const noteHash = (note: MeterNote): Hash => hashOf('note', note)

export const dueFor = ({ rate, hold }: Pick<Terms, 'rate' | 'hold'>, gpuMillis: bigint): MicroMolt => {
  const cost = costOf(rate, gpuMillis)
  return cost < hold ? cost : hold
}

export interface Meter {
  /** Until `at`. */
  readonly gpuMillis: bigint
  readonly at: Instant
  readonly isRunning: boolean
  /** The most that the buyer has vouched for. */
  readonly vouched: MicroMolt
  readonly last: MeterNote | null
}

export const newMeter = (at: Instant): Meter => ({ gpuMillis: 0n, at, isRunning: false, vouched: 0n, last: null })

/** Counts what was used until now. A clock that is set back counts nothing, and nothing twice. */
export function advance(meter: Meter, { gpus }: Pick<Terms, 'gpus'>, now: Instant): Meter {
  if (now <= meter.at) return meter
  const used = meter.isRunning ? BigInt(gpus) * BigInt(Math.floor(now - meter.at)) : 0n
  return {
    ...meter,
    gpuMillis: meter.gpuMillis + used,
    at: meter.isRunning ? meter.at + Math.floor(now - meter.at) : now,
  }
}

export const resume = (meter: Meter, terms: Pick<Terms, 'gpus'>, now: Instant): Meter => ({
  ...advance(meter, terms, now),
  isRunning: true,
})

export const pause = (meter: Meter, terms: Pick<Terms, 'gpus'>, now: Instant): Meter => ({
  ...advance(meter, terms, now),
  isRunning: false,
})

/** What the work may use before it has to pause: in milliseconds from the meter's own time, rounded down; null for a lease without a price. */
export function timeLeft({ gpuMillis, vouched }: Meter, { rate, credit, hold, gpus }: Terms): Millis | null {
  if (rate === 0n) return null
  const covered = vouched + credit < hold ? vouched + credit : hold
  const left = ((covered * 1_000n) / rate - gpuMillis) / BigInt(gpus)
  return left > 0n ? Number(left) : 0
}

/** The next note, of what was used until the meter's own time. */
export function nextNote(
  meter: Meter,
  agreement: Hash,
  terms: Terms,
): { readonly meter: Meter; readonly note: MeterNote } {
  const { last, gpuMillis, at } = meter
  const note: MeterNote = {
    ...{ agreement, sequence: (last?.sequence ?? 0) + 1, previous: last === null ? agreement : noteHash(last) },
    ...{ gpuMillis, due: dueFor(terms, gpuMillis), at },
  }
  return { meter: { ...meter, last: note }, note }
}

/** A voucher whose signature was checked. One that promises less than an earlier one changes nothing, and none counts beyond what is set aside. */
export function vouch(meter: Meter, { voucher }: SignedVoucher, { hold }: Pick<Terms, 'hold'>): Meter {
  const due = voucher.due < hold ? voucher.due : hold
  return due > meter.vouched ? { ...meter, vouched: due } : meter
}
