/** In which order a buyer tries the bids that it could take: the first is chosen, the others are what it fails over to. Whole numbers, so that everybody who looks at the same bids sees the same order. */
import type { Bid, SignedBid } from '../../../model/molt-bid.ts'
import { type Verification, verifications } from '../../../model/molt-hardware.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import { hour } from '../../../model/time.ts'
import { type Hash, hashOf } from '../signing.ts'
import type { Known } from './match.ts'

export const bidHash = (bid: Bid): Hash => hashOf('bid', bid)

export interface Ranked {
  readonly signed: SignedBid
  readonly hash: Hash
  /** By the strategy, of a million, and a tenth more for those who have shown most. */
  readonly score: number
}

/** All in full. */
const million = 1_000_000n

/**
 * What was shown to the buyer counts on top of the balanced score, in percent of it. Enough to be taken for a little more than another asks, not to
 * be taken whatever it asks; where the buyer has named one thing that counts, it only parts those who are equal.
 */
const surer: Readonly<Record<Verification, bigint>> = {
  ...{ 'self-reported': 0n, probed: 5n, 'vendor-attested': 8n, 're-executed': 10n },
}

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
      ranked: {
        signed,
        hash: bidHash(bid),
        score: Number(scoreOf(strategy, { ...parts, sure: surer[known.verification] })),
      },
      isPreferred: preferred.includes(bid.provider),
      isSuspect: known.isSuspect === true,
      sureness: verifications.indexOf(known.verification),
    }
  })
  return scored
    .toSorted(
      (a, b) =>
        Number(b.isPreferred) - Number(a.isPreferred) ||
        Number(a.isSuspect) - Number(b.isSuspect) ||
        b.ranked.score - a.ranked.score ||
        b.sureness - a.sureness ||
        (a.ranked.hash < b.ranked.hash ? -1 : 1),
    )
    .map(({ ranked }) => ranked)
}

function scoreOf(
  strategy: Want['strategy'],
  { price, reputation, wait, sure }: Record<keyof typeof balanced | 'sure', bigint>,
): bigint {
  switch (strategy) {
    case 'lowest-price':
      return price
    case 'highest-reputation':
      return reputation
    case 'fastest':
      return wait
    case 'balanced':
      return (
        ((price * balanced.price + reputation * balanced.reputation + wait * balanced.wait) * (100n + sure)) / 10_000n
      )
  }
}
