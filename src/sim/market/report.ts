/** What came of a simulated market: prices, what was filled, what honest parties lost and cheats gained, and whether the promises held. */
import { unseen } from '../../core/molt/market/record.ts'
import { costOf, type MicroMolt } from '../../model/amount.ts'
import { nodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { mean, quantiles, type Quantiles } from '../statistics.ts'
import type { Market } from './market.ts'
import type { MarketSize } from './population.ts'
import { settledOf, type Settled } from './settled.ts'

/** Of one kind of GPU. Rates are in µMOLT for a GPU-hour. */
export interface ModelPrices {
  readonly model: string
  readonly leases: number
  readonly gpuHours: number
  readonly lowest: string
  readonly mean: string
  readonly highest: string
}

/** µMOLT as digits; `worst` is of one lease. */
export interface Losses {
  readonly leases: number
  readonly losing: number
  readonly total: string
  readonly worst: string
  /** What the worst could have been, by what was promised for that lease. */
  readonly bound: string
  /** Leases in which more was lost than was promised. */
  readonly broken: number
}

export interface CheatGain {
  readonly trick: string
  readonly parties: number
  /** µMOLT that they got, or did not pay, without right. */
  readonly gained: string
  /** The most in one lease. */
  readonly worst: string
}

export interface MarketReport {
  readonly size: MarketSize
  readonly seed: number
  readonly jobs: {
    readonly asked: number
    readonly completed: number
    /** Of honest buyers' jobs that were completed, in percent. */
    readonly filled: number
    readonly byEnd: Readonly<Record<string, number>>
    /** Those that went on to another provider. */
    readonly failedOver: number
    readonly unclosed: number
  }
  /** From being asked for to running, in milliseconds. */
  readonly waits: Quantiles
  readonly prices: readonly ModelPrices[]
  /** Percent of all GPUs that computed for guests. */
  readonly utilisation: { readonly mean: number; readonly peak: number }
  readonly providers: Losses
  readonly buyers: Losses
  readonly cheats: readonly CheatGain[]
  readonly reputation: {
    readonly honestProviders: number | null
    readonly cheatingProviders: number | null
    /** The best of those that traded with themselves. */
    readonly washed: number | null
  }
  readonly credit: {
    /** All balances together: nothing. */
    readonly sum: string
    readonly fees: string
    /** What is set aside still. */
    readonly held: string
    readonly refusals: number
  }
  /** GPUs that were promised twice. */
  readonly doubled: number
}

/** Did the market keep what it promises? */
export const isSound = ({ providers, buyers, credit, doubled, jobs }: MarketReport): boolean =>
  providers.broken === 0 &&
  buyers.broken === 0 &&
  credit.sum === '0' &&
  credit.held === '0' &&
  doubled === 0 &&
  jobs.unclosed === 0

export function marketReport(market: Market): MarketReport {
  const { init, bank, providers } = market
  const settled = settledOf(market)
  const fromHonest = settled.filter(({ provider }) => provider.planned.trick === null)
  const byHonest = settled.filter(({ buyer }) => buyer.planned.trick === null)
  return {
    ...{ size: init.size, seed: init.seed, jobs: jobsOf(market), waits: quantiles(waitsOf(market)) },
    ...{ prices: pricesOf(settled), utilisation: utilisationOf(market) },
    providers: lossesOf(
      fromHonest,
      ({ used, paid }) => used - paid,
      ({ lease }) => lease.signed.bid.credit,
    ),
    buyers: lossesOf(byHonest, ({ used, paid }) => paid - used, doubtOf),
    cheats: [
      ...gainsOf(settled, market.providers, {
        of: ({ provider }) => provider.planned,
        gain: ({ used, paid }) => paid - used,
      }),
      ...gainsOf(settled, market.buyers, { of: ({ buyer }) => buyer.planned, gain: ({ used, paid }) => used - paid }),
    ],
    reputation: reputationOf(market),
    credit: {
      ...{ sum: bank.sum().toString(), fees: bank.balance('house').toString(), held: bank.held().toString() },
      refusals: bank.refusals,
    },
    doubled: providers.reduce((sum, { lender }) => sum + lender.doubled, 0),
  }
}

/** What is on its way between two honest parties: what a buyer believes unseen, and a message each way. */
const doubtOf = ({ lease: { signed } }: Settled): MicroMolt =>
  costOf(signed.bid.rate, BigInt(signed.bid.gpus) * BigInt(unseen + 500))

function jobsOf({ buyers, providers, street }: Market): MarketReport['jobs'] {
  const buys = buyers.flatMap(({ borrower, planned }) =>
    [...borrower.buys.values()].map((buy) => ({ buy, isHonest: planned.trick === null })),
  )
  const honest = buys.filter(({ isHonest }) => isHonest)
  const done = honest.filter(({ buy }) => buy.why === 'completed')
  const open = providers
    // Who is gone closes nothing any more; the other party has.
    .filter(({ lender }) => !street.silent.has(lender.id))
    .flatMap(({ lender }) => [...lender.leases.values()].filter(({ state }) => state !== 'closed'))
  return {
    asked: buys.length,
    completed: buys.filter(({ buy }) => buy.why === 'completed').length,
    filled: percent(done.length, honest.length),
    byEnd: countBy(honest.map(({ buy }) => buy.why ?? buy.state)),
    failedOver: buys.filter(({ buy }) => buy.purchases.length > 1).length,
    unclosed: buys.filter(({ buy }) => buy.state !== 'closed').length + open.length,
  }
}

const waitsOf = ({ buyers }: Market): readonly Millis[] =>
  buyers.flatMap(({ borrower }) => [...borrower.waits.values()])

function pricesOf(settled: readonly Settled[]): readonly ModelPrices[] {
  const used = settled.filter((one) => one.used > 0n)
  return [...Map.groupBy(used, ({ lease }) => lease.signed.bid.model)]
    .map(([model, all]): ModelPrices => {
      const rates = all.map(({ lease }) => lease.signed.bid.rate * 3_600n)
      const millis = all.reduce((sum, one) => sum + one.gpuMillis, 0n)
      const total = all.reduce((sum, one) => sum + one.lease.signed.bid.rate * one.gpuMillis, 0n)
      return {
        ...{ model, leases: all.length, gpuHours: Math.round(Number(millis) / 360_000) / 10 },
        lowest: rates.reduce((a, b) => (a < b ? a : b)).toString(),
        mean: ((total * 3_600n) / millis).toString(),
        highest: rates.reduce((a, b) => (a > b ? a : b)).toString(),
      }
    })
    .toSorted((a, b) => (a.model < b.model ? -1 : 1))
}

function utilisationOf({ providers, samples }: Market): MarketReport['utilisation'] {
  const gpus = providers.reduce((sum, { planned }) => sum + planned.gpus, 0)
  const shares = samples.map(({ busy }) => percent(busy, gpus))
  return { mean: Math.round(mean(shares) * 10) / 10, peak: Math.max(0, ...shares) }
}

function lossesOf(
  settled: readonly Settled[],
  lossIn: (one: Settled) => MicroMolt,
  boundOf: (one: Settled) => MicroMolt,
): Losses {
  const all = settled.map((one) => ({ loss: lossIn(one), bound: boundOf(one) }))
  const losing = all.filter(({ loss }) => loss > 0n)
  const worst = losing.reduce((most, one) => (one.loss > most.loss ? one : most), { loss: 0n, bound: 0n })
  return {
    ...{ leases: all.length, losing: losing.length },
    total: losing.reduce((sum, { loss }) => sum + loss, 0n).toString(),
    ...{ worst: worst.loss.toString(), bound: worst.bound.toString() },
    broken: all.filter(({ loss, bound }) => loss > bound).length,
  }
}

interface Planned {
  readonly name: string
  readonly trick: string | null
}

function gainsOf(
  settled: readonly Settled[],
  parties: readonly { readonly planned: Planned }[],
  { of, gain }: { readonly of: (one: Settled) => Planned; readonly gain: (one: Settled) => MicroMolt },
): readonly CheatGain[] {
  const role = parties[0]?.planned.name.replace(/-.*/, '') ?? ''
  const byTrick = Map.groupBy(parties, ({ planned }) => planned.trick)
  return [...byTrick].flatMap(([trick, cheats]) => {
    if (trick === null) return []
    const gains = settled
      .filter((one) => of(one).trick === trick)
      .map(gain)
      .filter((amount) => amount > 0n)
    return {
      ...{ trick: `${role} ${trick}`, parties: cheats.length },
      gained: gains.reduce((sum, amount) => sum + amount, 0n).toString(),
      worst: gains.reduce((most, amount) => (amount > most ? amount : most), 0n).toString(),
    }
  })
}

/** As a buyer sees them that has bought nothing itself. */
function reputationOf({ providers, standingOf }: Market): MarketReport['reputation'] {
  const scores = (picks: (trick: string | null) => boolean): readonly number[] =>
    providers
      .filter(({ planned }) => picks(planned.trick))
      .flatMap(({ lender }) => standingOf(nodeId('nobody'), lender.id, 'provider').score ?? [])
  const average = (all: readonly number[]): number | null => (all.length === 0 ? null : Math.round(mean(all)))
  const washed = scores((trick) => trick === 'wash')
  return {
    honestProviders: average(scores((trick) => trick === null)),
    cheatingProviders: average(scores((trick) => trick !== null)),
    washed: washed.length === 0 ? null : Math.max(...washed),
  }
}

const percent = (part: number, whole: number): number => Math.round((1_000 * part) / Math.max(1, whole)) / 10

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
