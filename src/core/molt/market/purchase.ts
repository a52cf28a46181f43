/**
 * One agreement, as its buyer goes through it: from a bid that was chosen to a closed account. Like a lease, it is a record, a step, and
 * duties that follow from the record. The buyer counts for itself for how long its work was seen to run, and promises no more, but for what
 * was on its way meanwhile.
 */
import { z } from 'zod'
import type { MicroMolt } from '../../../model/amount.ts'
import { SignedBid } from '../../../model/molt-bid.ts'
import { Hash } from '../../../model/molt-agreement.ts'
import { instant } from '../../../model/molt-hardware.ts'
import { Voucher } from '../../../model/molt-line.ts'
import { SignedNote } from '../../../model/molt-note.ts'
import { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import { type LeaseRefusal, leaseRefusals } from '../../../wire/molt-lease.ts'
import { Agreement, agreementId, Terms } from '../agreement.ts'
import { advance, dueFor, newMeter, pause, resume } from '../meter.ts'
import type { Network } from '../network.ts'
import { answer, newPayer } from '../payer.ts'
import { bidHash } from './rank.ts'
import type { Outcome as Ending } from './record.ts'
import { MeterRecord, Outcome, patience, PayerRecord, startPatience, unseen, wordEvery } from './record.ts'
import type { Accepting } from './terms.ts'
import { areWritable, termsOf } from './terms.ts'
import { canBeDisputed, isAtIssue } from './window.ts'

export const purchaseStates = ['chosen', 'agreed', 'funded', 'running', 'closing', 'closed'] as const

export const purchaseReasons = [
  ...(['limit', 'refused', 'unpayable', 'unpaid', 'not-agreed', 'not-started', 'silent', 'over'] as const),
  ...(['completed', 'failed', 'used-up', 'stopped', 'let-go', 'reclaimed', 'cancelled', 'forked'] as const),
] as const
type Reason = (typeof purchaseReasons)[number]

export const Purchase = z.strictObject({
  /** The hash of its bid. */
  key: Hash,
  signed: SignedBid,
  /** Of the round in which the bid was made. */
  want: Want,
  terms: Terms,
  state: z.enum(purchaseStates),
  /** When it came to be so. */
  since: instant,
  /** The buyer's limits allow for it. */
  isReserved: z.boolean(),
  agreement: Agreement.nullable(),
  /** For how long the work was seen to run. */
  seen: MeterRecord,
  heardAt: instant,
  /** Since when this buyer listens: what it has not heard before that was nobody's silence. */
  backAt: instant.default(0),
  payer: PayerRecord,
  /** What answers the last note; null where none was answered. */
  promise: Voucher.nullable(),
  /** The provider waits for no further voucher. */
  isNoted: z.boolean(),
  why: z.enum(purchaseReasons).nullable(),
  /** In its provider's word, where it was refused. */
  refusal: z.enum(leaseRefusals).nullable().default(null),
  outcome: Outcome.nullable(),
  /** Its arbiters have been asked by this side. */
  disputed: z.boolean().default(false),
  /** What its provider has signed last, and what contradicts it, where there is such: they prove what was said. */
  notes: z.array(SignedNote).max(2).default([]),
})
export type Purchase = z.infer<typeof Purchase>

/** Null for a bid of which no terms can be made: a purchase of it could not be read again. */
export function newPurchase(signed: SignedBid, want: Want, accepting: Accepting): Purchase | null {
  const { at } = accepting
  const terms = termsOf(signed.bid, want, accepting)
  if (!areWritable(terms)) return null
  return {
    ...{ key: bidHash(signed.bid), signed, want, terms, state: 'chosen', since: at, isReserved: false },
    ...{ agreement: null, seen: newMeter(at), heardAt: at, payer: newPayer, promise: null, why: null, outcome: null },
    ...{ isNoted: false, backAt: 0, refusal: null, disputed: false, notes: [] },
  }
}

/** Why work is over, as far as a provider says. */
export type ToldEnd = 'completed' | 'failed' | 'used-up' | 'stopped' | 'let-go' | 'reclaimed'

export type PurchaseInput =
  | { readonly type: 'reserved' }
  /** The buyer's own limits do not allow for it. */
  | { readonly type: 'over-limit' }
  /** The provider has signed the terms; its signature was checked. */
  | { readonly type: 'countersigned'; readonly agreement: Agreement }
  | { readonly type: 'refused'; readonly refusal?: LeaseRefusal }
  /** A quorum has signed the line that sets the hold aside. */
  | { readonly type: 'paid' }
  /** That line will never be: another has its number, or there are no funds. */
  | { readonly type: 'unpayable' }
  /** The provider says, over the conversation, how the work is. */
  | { readonly type: 'heard'; readonly isRunning: boolean }
  /** Its signature was checked. */
  | { readonly type: 'note'; readonly signed: SignedNote }
  /** The work is over, in the provider's words; `let-go`: for want of something that is not its to do, as it says. */
  | { readonly type: 'ended'; readonly why: ToldEnd }
  /** The work is over, and all notes were answered, in the provider's words. */
  | { readonly type: 'no-more-notes' }
  | { readonly type: 'cancel' }
  /** A certificate shows that it is closed. */
  | { readonly type: 'closed'; readonly outcome: Ending }
  /** Its arbiters are to judge. */
  | { readonly type: 'dispute' }
  | { readonly type: 'tick' }
  /** This buyer could hear nobody until now: it was down, or stood still. */
  | { readonly type: 'back' }

/** What has to be so now. Each may be done again and again. */
export type PurchaseDuty =
  | { readonly type: 'reserve'; readonly amount: MicroMolt }
  /** Show the terms with the buyer's signature, and ask for the provider's. */
  | { readonly type: 'ask' | 'pay-hold' | 'show-hold' | 'listen' | 'cancel-work' }
  | { readonly type: 'send-voucher'; readonly voucher: Voucher }
  /** Offer the provider to close together at this sum. */
  | { readonly type: 'offer-close'; readonly paid: MicroMolt }
  | { readonly type: 'take-back'; readonly voucher: Voucher | null }

export function purchaseStep(before: Purchase, input: PurchaseInput, at: Instant): Purchase {
  if (before.state === 'closed') return before
  return timed(told(before, input, at), at)
}

function told(purchase: Purchase, input: PurchaseInput, at: Instant): Purchase {
  const { state } = purchase
  switch (input.type) {
    case 'reserved':
      return { ...purchase, isReserved: true }
    case 'over-limit':
      return state === 'chosen' ? dropped(purchase, 'limit', at) : purchase
    case 'countersigned':
      return state === 'chosen' && purchase.isReserved
        ? { ...purchase, ...to('agreed', at), agreement: input.agreement }
        : purchase
    case 'refused':
      return state === 'chosen' ? dropped({ ...purchase, refusal: input.refusal ?? null }, 'refused', at) : purchase
    case 'paid':
      return state === 'agreed' ? { ...purchase, ...to('funded', at), heardAt: at } : purchase
    case 'unpayable':
      // Nothing was ever set aside, so nothing is left to be closed.
      return state === 'agreed' || (state === 'closing' && isUnseen(purchase))
        ? dropped(purchase, 'unpayable', at)
        : purchase
    case 'heard':
      return heard(purchase, input.isRunning, at)
    case 'note':
      return noted(purchase, input.signed, at)
    case 'ended':
      return isAlive(purchase) ? closing(seenUntil(purchase, at), input.why, at) : purchase
    case 'no-more-notes':
      return state === 'closing' ? { ...purchase, isNoted: true } : purchase
    case 'cancel':
      if (state === 'chosen') return dropped(purchase, 'cancelled', at)
      return isAlive(purchase) ? closing(seenUntil(purchase, at), 'cancelled', at) : purchase
    case 'closed':
      return purchase.agreement === null ? purchase : { ...purchase, ...to('closed', at), outcome: input.outcome }
    case 'dispute':
      return canBeDisputed(purchase) ? { ...purchase, disputed: true } : purchase
    case 'back':
      return state === 'funded' || state === 'running' ? { ...purchase, backAt: at } : purchase
    case 'tick':
      return purchase
  }
}

const to = (state: Purchase['state'], at: Instant) => ({ state, since: at })
const isAlive = ({ state }: Purchase): boolean => state === 'agreed' || state === 'funded' || state === 'running'
const isUnseen = ({ seen }: Purchase): boolean => seen.gpuMillis === 0n

const dropped = (purchase: Purchase, why: Reason, at: Instant): Purchase => ({
  ...{ ...purchase, ...to('closed', at), why },
  outcome: { how: 'nothing', paid: 0n },
})

const closing = (purchase: Purchase, why: Reason, at: Instant): Purchase => ({
  ...{ ...purchase, ...to('closing', at), why },
  seen: { ...purchase.seen, isRunning: false },
})

/**
 * The time since it was last heard of counts when it ran then, but no more of it than an honest provider would have it run without a promise:
 * one interval. What is longer than that between two words is nobody's to claim.
 */
function seenUntil(purchase: Purchase, at: Instant): Purchase {
  const { seen, heardAt, terms } = purchase
  const counted = advance(seen, terms, Math.min(at, heardAt + Math.max(terms.interval, wordEvery + unseen)))
  return { ...purchase, seen: { ...counted, at: Math.max(counted.at, at) }, heardAt: Math.max(heardAt, at) }
}

function heard(purchase: Purchase, isRunning: boolean, at: Instant): Purchase {
  const { state, terms } = purchase
  if (state !== 'funded' && state !== 'running') return purchase
  const until = seenUntil(purchase, at)
  if (!isRunning) return { ...until, seen: pause(until.seen, terms, at) }
  const seen = resume({ ...until.seen, at: Math.max(at, until.seen.at) }, terms, at)
  return { ...until, ...(state === 'funded' ? to('running', at) : {}), seen }
}

function noted(purchase: Purchase, signed: SignedNote, at: Instant): Purchase {
  const { note } = signed
  const { agreement, state, terms } = purchase
  if (agreement === null || (state !== 'funded' && state !== 'running' && state !== 'closing')) return purchase
  if (state === 'funded' && note.gpuMillis === 0n) return purchase
  const until =
    state === 'closing' ? purchase : seenUntil(state === 'funded' ? begunUnheard(purchase, at) : purchase, at)
  const seen = { gpuMillis: believed(until), agreement: agreementId(agreement) }
  const reply = answer(until.payer, note, seen, terms)
  if (reply.ok) return { ...until, payer: reply.payer, promise: reply.voucher, notes: [signed] }
  // Who tells two stories is not dealt with any longer; what was promised stays promised.
  return reply.problem === 'forked' && state === 'running' && isAhead(until, note.sequence)
    ? closing({ ...until, notes: [...until.notes.slice(0, 1), signed] }, 'forked', at)
    : until
}

/**
 * Its work has begun while nobody listened, and stands still by now, or is over. As in any other silence what an honest provider would have it
 * run since the last word is believed: if it was not, the work would stand still for good. That word was that it did not run.
 */
function begunUnheard(purchase: Purchase, at: Instant): Purchase {
  const { heardAt, seen, terms } = purchase
  const unheard = { ...purchase, seen: resume({ ...seen, at: heardAt }, terms, heardAt) }
  const until = seenUntil(unheard, at)
  return { ...until, ...to('running', at), seen: pause(until.seen, terms, at) }
}

/** No note is answered with more, in GPU-milliseconds: what was seen, and what was on its way meanwhile. */
const believed = ({ seen: { gpuMillis }, terms }: Pick<Purchase, 'seen' | 'terms'>): bigint =>
  gpuMillis === 0n ? 0n : gpuMillis + BigInt(terms.gpus * unseen)

/** An old note may come late; one that skips or replaces others may not. */
const isAhead = ({ payer }: Purchase, sequence: number): boolean => sequence >= (payer.last?.sequence ?? 0)

function timed(purchase: Purchase, at: Instant): Purchase {
  const { state, since, terms, heardAt, backAt, signed } = purchase
  switch (state) {
    case 'chosen':
      return at >= Math.min(since + patience.countersign, signed.bid.validUntil)
        ? dropped(purchase, 'not-agreed', at)
        : purchase
    case 'agreed':
      return at >= since + patience.funding ? closing(purchase, 'unpaid', at) : purchase
    case 'funded':
      return at >= Math.max(since + startPatience(terms), backAt + patience.silence)
        ? closing(purchase, 'not-started', at)
        : purchase
    case 'running':
      if (at - Math.max(heardAt, backAt) >= patience.silence) return closing(purchase, 'silent', at)
      return at >= terms.endsAt ? closing(seenUntil(purchase, at), 'over', at) : purchase
    case 'closing':
    case 'closed':
      return purchase
  }
}

/**
 * What it can cost at most from now on: what is set aside while it runs. While it is being closed, what was promised, or what would be as
 * the answer to a last note that comes late, if that is more: only a closed account is certain. (Arbiters whom the buyer has named may
 * judge otherwise.)
 */
export function mostDue(purchase: Purchase): MicroMolt {
  const { state, outcome, terms, payer, isReserved } = purchase
  if (state === 'closed') return outcome?.paid ?? 0n
  if (state === 'closing') {
    if (purchase.disputed) return terms.hold
    const late = dueFor(terms, believed(purchase))
    return late > payer.vouched ? late : payer.vouched
  }
  return isReserved || state !== 'chosen' ? terms.hold : 0n
}

export function purchaseDuties(
  purchase: Purchase,
  { claimTime }: Pick<Network, 'claimTime'>,
  at: Instant,
): readonly PurchaseDuty[] {
  const { state, since, isReserved, terms, payer, promise } = purchase
  const voucher: readonly PurchaseDuty[] = promise === null ? [] : [{ type: 'send-voucher', voucher: promise }]
  switch (state) {
    case 'chosen':
      return isReserved ? [{ type: 'ask' }] : [{ type: 'reserve', amount: terms.hold }]
    case 'agreed':
      return [{ type: 'pay-hold' }]
    case 'funded':
      return [{ type: 'show-hold' }]
    case 'running':
      return [{ type: 'listen' }, ...voucher]
    case 'closing': {
      if (at >= terms.endsAt + claimTime) return [{ type: 'take-back', voucher: promise }]
      // The provider may still have a last note to be answered.
      const isTime =
        purchase.isNoted || at >= since + patience.lastNote || payer.vouched >= dueFor(terms, purchase.seen.gpuMillis)
      return [
        { type: 'cancel-work' },
        ...voucher,
        ...(isTime && !isAtIssue(purchase, at) ? [{ type: 'offer-close', paid: payer.vouched } as const] : []),
      ]
    }
    case 'closed':
      return []
  }
}
