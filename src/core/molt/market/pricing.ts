/** What a provider asks: from what it costs, how busy it is, and what others ask. Whole numbers, rounded up. */
import type { MicroMolt } from '../../../model/amount.ts'
import { ceilDiv, largestAmount } from '../../../model/amount.ts'

export interface Pricing {
  /**
   * `listed`: the price as it is written. The others take it for the cost. `fixed`: with a markup. `utilisation`: 1.1 to 2 times the cost, by
   * how much is in use. `market`: what others ask, or the cost with the markup where nobody does.
   */
  readonly strategy: 'listed' | 'fixed' | 'utilisation' | 'market'
  readonly markupPercent: number
}

export interface Demand {
  /** GPUs of that model in use, and all of them. */
  readonly used: number
  readonly all: number
  /** The middle of what others ask for that model, in µMOLT for a GPU-second; null where nobody does. */
  readonly market: MicroMolt | null
}

/** Largest rate of an offer: what a thousand GPUs cost in a month fits into an amount still. */
export const largestRate: MicroMolt = largestAmount / (1_024n * 30n * 86_400n)

export function askedRate(
  { strategy, markupPercent }: Pricing,
  price: MicroMolt,
  { used, all, market }: Demand,
): MicroMolt {
  const marked = (): MicroMolt => ceilDiv(price * BigInt(100 + markupPercent), 100n)
  switch (strategy) {
    case 'listed':
      return capped(price)
    case 'fixed':
      return capped(marked())
    case 'utilisation': {
      const share = all <= 0 ? 0n : (BigInt(Math.min(used, all)) * 900n) / BigInt(all)
      return capped(ceilDiv(price * (1_100n + share), 1_000n))
    }
    case 'market':
      return capped(market ?? marked())
  }
}

/** At peak hours so many percent of it. */
export const atPeak = (rate: MicroMolt, percent: number): MicroMolt => capped(ceilDiv(rate * BigInt(percent), 100n))

const capped = (rate: MicroMolt): MicroMolt => (rate < largestRate ? rate : largestRate)

/** The middle of several rates, the lower one of two; null of none. One liar among honest ones moves it by one place at most. */
export const middleRate = (rates: readonly MicroMolt[]): MicroMolt | null =>
  rates.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[Math.floor((rates.length - 1) / 2)] ?? null
