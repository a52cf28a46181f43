/**
 * A job of a buyer: it collects bids, tries the best, and when that provider fails it goes on to the next, and then collects anew. Each try
 * is a purchase of its own, which has to be closed, too, so that the job is over when all its purchases are. All of them together never
 * cost more than the buyer wants to pay: what a purchase can still cost is what was promised in it, or may still be for what was seen used.
 */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { SignedBid } from '../../../model/molt-bid.ts'
import { party } from '../../../model/molt-agreement.ts'
import { instant } from '../../../model/molt-hardware.ts'
import { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import type { Network } from '../network.ts'
import { leastPayment } from '../spend.ts'
import { totalFor } from './decide.ts'
import type { PurchaseDuty, PurchaseInput } from './purchase.ts'
import { mostDue, newPurchase, Purchase, purchaseDuties, purchaseStep } from './purchase.ts'
import type { Ranked } from './rank.ts'

/** Bids are collected so often; a buyer whom that does not help wants something that there is not. */
export const mostRounds = 5
/** So many bids are kept to fail over to; those who made the others are told, so that they hold nothing for nobody. */
export const mostKept = 4
/** The first, and those that it fails over to. */
export const mostTries = 8

export const Buy = z.strictObject({
  id: z.string().min(1).max(128),
  state: z.enum(['collecting', 'trying', 'closing', 'closed']),
  since: instant,
  /** What bids are collected for: of the first round, or of the one that goes on. */
  want: Want,
  round: z.int().min(1).max(mostRounds),
  /** Bids of this round that were not tried yet, the best first. */
  queue: z.array(SignedBid).max(mostKept),
  /** All tries; the last one is the one that counts. */
  purchases: z.array(Purchase).max(mostTries),
  /** Those that have failed already. */
  failed: z.array(party).max(mostTries),
  why: z.enum(['completed', 'failed', 'cancelled', 'no-bids', 'no-more-tries', 'budget', 'limit']).nullable(),
})
export type Buy = z.infer<typeof Buy>
type Reason = NonNullable<Buy['why']>

export const buyText = (buy: Buy): string => canonicalJson(buy)
/** Throws for what is none: a record that was kept whole is one. */
export const buyFrom = (text: string): Buy => Buy.parse(JSON.parse(text))

export const newBuy = (id: string, want: Want, at: Instant): Buy => ({
  ...{ id, state: 'collecting', since: at, want, round: 1, queue: [], purchases: [], failed: [], why: null },
})

export type BuyInput =
  /** Those of this round that can be taken, ranked: see bidProblem and rank. `want` is what they answer. */
  | { readonly type: 'bids'; readonly round: number; readonly want: Want; readonly ranked: readonly Ranked[] }
  | { readonly type: 'purchase'; readonly key: string; readonly input: PurchaseInput }
  | { readonly type: 'cancel' }
  /** See PurchaseInput. */
  | { readonly type: 'back' }
  | { readonly type: 'tick' }

export type BuyDuty =
  /** Ask those whose offers match, but not these; a new nonce and deadline for each round. */
  | { readonly type: 'collect'; readonly round: number; readonly except: readonly string[] }
  | { readonly type: 'purchase'; readonly key: string; readonly duty: PurchaseDuty }

export function buyStep(before: Buy, input: BuyInput, at: Instant): Buy {
  if (before.state === 'closed') return before
  return settled(goneOn(told(before, input, at), at))
}

function told(buy: Buy, input: BuyInput, at: Instant): Buy {
  switch (input.type) {
    case 'bids': {
      if (buy.state !== 'collecting' || input.round !== buy.round) return buy
      const queue = input.ranked.map(({ signed }) => signed).filter(({ bid }) => !buy.failed.includes(bid.provider))
      return { ...buy, state: 'trying', since: at, want: input.want, queue: queue.slice(0, mostKept) }
    }
    case 'purchase':
      return each(buy, (one) => (one.key === input.key ? purchaseStep(one, input.input, at) : one))
    case 'cancel':
      return each(over(buy, 'cancelled', at), (one) => purchaseStep(one, { type: 'cancel' }, at))
    case 'back':
    case 'tick':
      return each(buy, (one) => purchaseStep(one, { type: input.type }, at))
  }
}

const each = (buy: Buy, change: (purchase: Purchase) => Purchase): Buy => ({
  ...buy,
  purchases: buy.purchases.map(change),
})

const over = (buy: Buy, why: Reason, at: Instant): Buy =>
  buy.state === 'closing' ? buy : { ...buy, state: 'closing', since: at, why, queue: [] }

/** What follows from how the last try is. */
function goneOn(buy: Buy, at: Instant): Buy {
  if (buy.state !== 'trying') return buy
  const last = buy.purchases.at(-1)
  const isUnder = last !== undefined && last.state !== 'closing' && last.state !== 'closed'
  if (isUnder) return buy
  if (last !== undefined && !buy.failed.includes(last.signed.bid.provider)) {
    const end = endOf(last)
    if (end !== null) return over(buy, end, at)
    return goneOn({ ...buy, failed: [...buy.failed, last.signed.bid.provider] }, at)
  }
  return next(buy, at)
}

/** Whether the job is over with it; null when another provider may do better. */
function endOf({ why }: Purchase): Reason | null {
  switch (why) {
    case 'completed':
    case 'used-up':
    case 'over':
      return 'completed'
    case 'failed':
    case 'cancelled':
    case 'limit':
      return why
    case 'unpayable':
      return 'budget'
    case 'stopped':
    case 'let-go':
    case 'reclaimed':
    case 'refused':
    case 'unpaid':
    case 'not-agreed':
    case 'not-started':
    case 'silent':
    case 'forked':
    case null:
      return null
  }
}

function next(buy: Buy, at: Instant): Buy {
  if (buy.purchases.length >= mostTries) return over(buy, 'no-more-tries', at)
  const left = leftOf(buy)
  const [signed, ...queue] = buy.queue.filter(({ bid }) => at < bid.validUntil)
  if (signed === undefined) return roundAfter(buy, at)
  const total = totalFor(signed.bid.rate, buy.want)
  const hold = total < left ? total : left
  // What is left has to pay for one interval at least, and to be as much as can be set aside.
  const isEnough = hold >= signed.bid.credit && hold >= leastPayment
  const purchase = isEnough ? newPurchase(signed, buy.want, { job: buy.id, hold, at }) : null
  if (purchase === null) return next({ ...buy, queue }, at)
  return { ...buy, queue, since: at, purchases: [...buy.purchases, purchase] }
}

function roundAfter(buy: Buy, at: Instant): Buy {
  if (leftOf(buy) < leastPayment) return over(buy, 'budget', at)
  const isTried = buy.purchases.length > 0
  if (buy.round >= mostRounds) return over(buy, isTried ? 'no-more-tries' : 'no-bids', at)
  return { ...buy, state: 'collecting', since: at, round: buy.round + 1, queue: [] }
}

/** What none of the purchases can cost any more. */
export function leftOf({ want, purchases }: Pick<Buy, 'want' | 'purchases'>): MicroMolt {
  const due = purchases.reduce((sum, one) => sum + mostDue(one), 0n)
  return due < want.maxTotal ? want.maxTotal - due : 0n
}

/** All credit is where it belongs. */
const settled = (buy: Buy): Buy =>
  buy.state === 'closing' && buy.purchases.every(({ state }) => state === 'closed') ? { ...buy, state: 'closed' } : buy

export function buyDuties(buy: Buy, network: Pick<Network, 'claimTime'>, at: Instant): readonly BuyDuty[] {
  const collect: readonly BuyDuty[] =
    buy.state === 'collecting' ? [{ type: 'collect', round: buy.round, except: buy.failed }] : []
  const duties = buy.purchases.flatMap((one) =>
    purchaseDuties(one, network, at).map((duty): BuyDuty => ({ type: 'purchase', key: one.key, duty })),
  )
  return [...collect, ...duties]
}
