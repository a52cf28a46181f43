/** What a buyer promises: never more than it has seen used, nor than it has set aside, and never less than before. */
import type { MicroMolt } from '../../model/amount.ts'
import type { Terms } from './agreement.ts'
import type { Voucher } from './closing.ts'
import type { MeterNote } from './meter.ts'
import { dueFor, noteHash } from './meter.ts'

export interface Payer {
  readonly vouched: MicroMolt
  readonly last: MeterNote | null
}

export const newPayer: Payer = { vouched: 0n, last: null }

/** `forked`: it does not follow the note before. `sums`: it is not what its own numbers come to. `backwards`: less than it said before. */
export type NoteProblem = 'agreement' | 'forked' | 'sums' | 'backwards'

export type Answer =
  | { readonly ok: true; readonly payer: Payer; readonly voucher: Voucher }
  | { readonly ok: false; readonly problem: NoteProblem }

export interface Seen {
  /** GPU-milliseconds for which the buyer has seen its work run. */
  readonly gpuMillis: bigint
  readonly agreement: string
}

/**
 * The answer to a note whose signature was checked. The last note again gets an answer again, as a reply may be lost. A note that claims more
 * than was seen is answered with what was seen: the provider pauses then, and both can show why.
 */
export function answer(payer: Payer, note: MeterNote, seen: Seen, terms: Terms): Answer {
  const { last } = payer
  if (note.agreement !== seen.agreement) return { ok: false, problem: 'agreement' }
  const isAgain = last !== null && noteHash(note) === noteHash(last)
  if (!isAgain) {
    const isNext = note.sequence === (last?.sequence ?? 0) + 1
    const follows = note.previous === (last === null ? seen.agreement : noteHash(last))
    if (!isNext || !follows) return { ok: false, problem: 'forked' }
    if (note.gpuMillis < (last?.gpuMillis ?? 0n)) return { ok: false, problem: 'backwards' }
    if (note.due !== dueFor(terms, note.gpuMillis)) return { ok: false, problem: 'sums' }
  }
  const believed = note.gpuMillis < seen.gpuMillis ? note.gpuMillis : seen.gpuMillis
  const owed = dueFor(terms, believed > 0n ? believed : 0n)
  const due = owed > payer.vouched ? owed : payer.vouched
  const voucher = { agreement: seen.agreement, due, note: noteHash(note) }
  return { ok: true, payer: { vouched: due, last: note }, voucher }
}
