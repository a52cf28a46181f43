/** In which order a buyer tries the bids that it could take: the first is chosen, the others are what it fails over to. Whole numbers, so that everybody who looks at the same bids sees the same order. */
import type { Bid, SignedBid } from '../../../model/molt-bid.ts'
import { verifications } from '../../../model/molt-hardware.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import { hour } from '../../../model/time.ts'
import { type Hash, hashOf } from '../signing.ts'
import type { Known } from './match.ts'

export const bidHash = (bid: Bid): Hash => hashOf('bid', bid)

export interface Ranked {
  readonly signed: SignedBid
  readonly hash: Hash
  /** By the strategy, of a million. */
  readonly score: number
}

/** All in full. */
const million = 1_000_000n

/** How much of the whole each counts for, in percent. */
const balanced = { price: 40n, reputation: 35n, wait: 25n }

export function rank(
  bids: readonly SignedBid[],
  { strategy, preferred }: Pick<Want, 'strategy' | 'preferred'>,
  { knownOf, now }: { readonly knownOf: (bid: Bid) => Known; readonly now: Instant },
): readonly Ranked[] {
  const cheapest = bids.reduce<bigint | null>(
    (least, { bid: { rate } }) => (least !== null && least < rate ? least : rate),
    null,
  )
  const scored = bids.map((signed) => {
    const { bid } = signed
    const known = knownOf(bid)
    const parts = {
      price: bid.rate === 0n ? million : ((cheapest ?? 0n) * million) / bid.rate,
      // Of whom nothing is known, nothing speaks for him.
      reputation: (BigInt(known.score ?? 0) * million) / 100n,
      wait: (BigInt(hour) * million) / BigInt(hour + Math.max(0, bid.availableAt - now)),
    }
    return {
      ranked: { signed, hash: bidHash(bid), score: Number(scoreOf(strategy, parts)) },
      isPreferred: preferred.includes(bid.provider),
      sureness: verifications.indexOf(known.verification),
    }
  })
  return scored
    .toSorted(
      (a, b) =>
        Number(b.isPreferred) - Number(a.isPreferred) ||
        b.ranked.score - a.ranked.score ||
        b.sureness - a.sureness ||
        (a.ranked.hash < b.ranked.hash ? -1 : 1),
    )
    .map(({ ranked }) => ranked)
}

function scoreOf(
  strategy: Want['strategy'],
  { price, reputation, wait }: Record<keyof typeof balanced, bigint>,
): bigint {
  switch (strategy) {
    case 'lowest-price':
      return price
    case 'highest-reputation':
      return reputation
    case 'fastest':
      return wait
    case 'balanced':
      return (price * balanced.price + reputation * balanced.reputation + wait * balanced.wait) / 100n
  }
}
