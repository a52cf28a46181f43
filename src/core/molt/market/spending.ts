/**
 * How much a buyer lets its node spend: for one job, in an hour, in a day. What is set aside counts in full until it is known what was paid.
 * The record is kept on disk before anything is set aside. One that cannot be read stands for having spent everything: a limit that a broken
 * file lifts is none. (Its owner may begin a new one.)
 */
import { z } from 'zod'
import type { MicroMolt } from '../../../model/amount.ts'
import { Amount, oneMolt } from '../../../model/amount.ts'
import { instant } from '../../../model/molt-hardware.ts'
import type { LendingMode } from '../../../model/molt-policy.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import { day, hour } from '../../../model/time.ts'

export interface SpendingLimits {
  readonly job: MicroMolt
  readonly hour: MicroMolt
  readonly day: MicroMolt
}

/** What a mode lets a node spend by itself. */
export const spendingOf: Readonly<Record<LendingMode, SpendingLimits>> = {
  conservative: { job: 100n * oneMolt, hour: 500n * oneMolt, day: 12_000n * oneMolt },
  moderate: { job: 10_000n * oneMolt, hour: 50_000n * oneMolt, day: 1_200_000n * oneMolt },
  aggressive: { job: 1_000_000n * oneMolt, hour: 10_000_000n * oneMolt, day: 240_000_000n * oneMolt },
}

/** So many entries of a day are kept; more are not made. */
export const mostEntries = 10_000

const Entry = z.strictObject({
  job: z.string().min(1).max(128),
  /** Of the agreement that it is set aside for. */
  key: z.string().min(1).max(128),
  at: instant,
  amount: Amount,
  /** Whether `amount` is what was paid; until then it is what was set aside. */
  isPaid: z.boolean(),
})

export const Spending = z.strictObject({ version: z.literal(1), entries: z.array(Entry).max(mostEntries) })
export type Spending = z.infer<typeof Spending>

export const nothingSpent: Spending = { version: 1, entries: [] }

/** What was kept; null when it cannot be understood, which is not the same as nothing. */
export function spendingFrom(text: string): Spending | null {
  try {
    return Spending.parse(JSON.parse(text))
  } catch {
    return null
  }
}

export type Refusal = 'unreadable' | 'full' | 'job' | 'hour' | 'day'

export type Reserved =
  { readonly ok: true; readonly spending: Spending } | { readonly ok: false; readonly refusal: Refusal }

export interface Reservation {
  readonly job: string
  readonly key: string
  readonly amount: MicroMolt
}

/** Asks once for each key: the same again changes nothing. */
export function reserve(
  spending: Spending | null,
  { job, key, amount }: Reservation,
  { limits, now }: { readonly limits: SpendingLimits; readonly now: Instant },
): Reserved {
  if (spending === null) return { ok: false, refusal: 'unreadable' }
  if (spending.entries.some((entry) => entry.key === key)) return { ok: true, spending }
  const entries = spending.entries.filter((entry) => !entry.isPaid || isWithin(entry.at, day, now) || entry.job === job)
  if (entries.length >= mostEntries) return { ok: false, refusal: 'full' }
  const sum = (counts: (entry: Spending['entries'][number]) => boolean): MicroMolt =>
    entries.filter(counts).reduce((total, entry) => total + entry.amount, amount)
  const inSpan = (span: Millis) => sum((entry) => !entry.isPaid || isWithin(entry.at, span, now))
  if (sum((entry) => entry.job === job) > limits.job) return { ok: false, refusal: 'job' }
  if (inSpan(hour) > limits.hour) return { ok: false, refusal: 'hour' }
  if (inSpan(day) > limits.day) return { ok: false, refusal: 'day' }
  return { ok: true, spending: { version: 1, entries: [...entries, { job, key, at: now, amount, isPaid: false }] } }
}

/** What was paid in the end, or what is at most to be paid any more: usually less than was set aside, and it counts also when it is more. */
export function settleAt(
  spending: Spending,
  key: string,
  paid: MicroMolt,
  { isOver }: { readonly isOver: boolean },
): Spending {
  const entries = spending.entries.map((entry) =>
    entry.key === key && !entry.isPaid ? { ...entry, amount: paid, isPaid: isOver } : entry,
  )
  return { version: 1, entries }
}

/** What is from later than now was written when the clock was ahead: it counts until it is old. */
const isWithin = (at: Instant, span: Millis, now: Instant): boolean => at > now - span
