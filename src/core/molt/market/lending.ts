/** How a node lends: what its mode stands for, and what its owner has written instead. */
import { parseDuration, parseMemoryMib } from '../../../lib/units.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { ceilDiv, largestAmount, oneMolt, parseMolt } from '../../../model/amount.ts'
import { gpuModelMatches } from '../../../model/gpu.ts'
import type { NodeId } from '../../../model/ids.ts'
import { longestWindow } from '../../../model/molt-agreement.ts'
import { parseHours } from '../../../model/molt-hours.ts'
import type { Isolation } from '../../../model/molt-hardware.ts'
import { longestLease } from '../../../model/molt-hardware.ts'
import type { LendingMode, LendingPolicy } from '../../../model/molt-policy.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import { hour, minute, second } from '../../../model/time.ts'
import type { LocalHours } from './hours.ts'
import { isWithin } from './hours.ts'
import type { Demand, Pricing } from './pricing.ts'
import { askedRate, atPeak } from './pricing.ts'

/** `idle`: only while the owner has no work at all. `unused`: what the owner's work leaves. `preempt`: also what work holds that gives way. */
export type Share = 'idle' | 'unused' | 'preempt'

interface ModeLimits {
  readonly share: Share
  /** Of 100. */
  readonly minReputation: number
  readonly newcomers: boolean
  /** Bids below the asked rate, and bids above what a buyer wants to pay. */
  readonly negotiates: boolean
  readonly longest: Millis
  readonly concurrency: number
  /** No lease that may cost more is given without the owner saying so in the policy. */
  readonly largestLease: MicroMolt
  /** For an hour of one GPU: never for less. */
  readonly least: MicroMolt
  /** What is used between two notes is what is at risk: the mode's appetite for it. */
  readonly interval: Millis
}

export const modeLimits: Readonly<Record<LendingMode, ModeLimits>> = {
  conservative: {
    ...{ share: 'idle', minReputation: 80, newcomers: false, negotiates: false },
    ...{ longest: 600 * second, concurrency: 1, largestLease: 100n * oneMolt, least: 2n * oneMolt },
    interval: 15 * second,
  },
  moderate: {
    ...{ share: 'unused', minReputation: 50, newcomers: true, negotiates: true },
    ...{ longest: hour, concurrency: 5, largestLease: 10_000n * oneMolt, least: oneMolt },
    interval: 30 * second,
  },
  aggressive: {
    ...{ share: 'preempt', minReputation: 20, newcomers: true, negotiates: true },
    ...{ longest: 24 * hour, concurrency: 100, largestLease: 1_000_000n * oneMolt, least: oneMolt / 2n },
    interval: minute,
  },
}

/** A mode and a policy in numbers. */
export interface Lending extends Omit<ModeLimits, 'least'> {
  readonly mode: LendingMode
  readonly pricing: Pricing
  /** In µMOLT for a second of one GPU: never for less. */
  readonly floor: MicroMolt
  /** Rates by model or family, as they are written; `*` for all others. */
  readonly prices: Readonly<Record<string, MicroMolt>>
  readonly peak: LocalHours & { readonly percent: number }
  readonly blackout: LocalHours
  readonly shortest: Millis
  /** Null for all. */
  readonly models: readonly string[] | null
  readonly images: { readonly allowed: readonly string[] | null; readonly blocked: readonly string[] }
  readonly trusted: readonly NodeId[]
  readonly blocked: readonly NodeId[]
  readonly isolation: readonly Isolation[]
  readonly reclaim: Millis
  /** What goes with work, and comes back: sizes in bytes. */
  readonly data: {
    readonly inputs: number
    readonly outputs: number
    readonly images: number
    readonly all: number
    readonly send: Millis
    readonly keep: Millis
  }
  readonly region: string | null
  readonly arbiters: readonly NodeId[]
  /** So long after the end of a lease they have to judge. */
  readonly disputeWindow: Millis
}

/** A mode without a policy asks twice what it would take at least. */
const usualMarkup = 2n

export function lendingOf(mode: LendingMode, policy: LendingPolicy = {}): Lending {
  const { buyers = {}, images = {}, peak, timeZone = 'UTC', pricing } = policy
  const { least, ...limits } = modeLimits[mode]
  const prices: Record<string, MicroMolt> = { '*': perSecond(least * usualMarkup) }
  for (const [model, price] of Object.entries(policy.prices ?? {})) prices[model] = perSecond(moltOf(price, 0n))
  const longest = spanOf(policy.longest, limits.longest, [second, longestLease])
  return {
    ...{ ...limits, mode, longest, prices, floor: perSecond(least) },
    pricing: { strategy: pricing?.strategy ?? 'listed', markupPercent: pricing?.markupPercent ?? 20 },
    peak: { hours: hoursOf(peak?.hours), timeZone, percent: peak?.percent ?? 100 },
    blackout: { hours: hoursOf(policy.blackout), timeZone },
    shortest: spanOf(policy.shortest, second, [second, longest]),
    models: policy.gpus ?? null,
    images: { allowed: images.allowed ?? null, blocked: images.blocked ?? [] },
    minReputation: buyers.minReputation ?? limits.minReputation,
    newcomers: buyers.newcomers ?? limits.newcomers,
    ...{ trusted: buyers.trusted ?? [], blocked: buyers.blocked ?? [] },
    isolation: policy.isolation ?? ['gvisor', 'kata'],
    interval: spanOf(policy.interval, limits.interval, [second, hour]),
    reclaim: spanOf(policy.reclaim, minute, [0, 24 * hour]),
    data: dataOf(policy.data, images.allowed === undefined),
    concurrency: policy.concurrency ?? limits.concurrency,
    largestLease: moltOf(policy.largestLease, limits.largestLease),
    ...{ region: policy.region ?? null, arbiters: policy.arbiters ?? [] },
    disputeWindow: spanOf(policy.disputeWindow, 24 * hour, [second, longestWindow]),
  }
}

/** Of a lease, and of all of them. */
const usualData = { inputs: '10Gi', outputs: '10Gi', images: '20Gi', all: '100Gi' } as const

/** An owner who allows some images by name means those of their registries: what a buyer sends can have any name. */
function dataOf(written: LendingPolicy['data'] = {}, takesAny: boolean): Lending['data'] {
  const usual = { ...usualData, images: takesAny ? usualData.images : '0' }
  const bytes = (name: keyof typeof usualData): number =>
    (parseMemoryMib(written[name] ?? usual[name]) ?? 0) * 1_048_576
  return {
    ...{ inputs: bytes('inputs'), outputs: bytes('outputs'), images: bytes('images'), all: bytes('all') },
    send: spanOf(written.send, 10 * minute, [0, 24 * hour]),
    keep: spanOf(written.keep, hour, [0, 30 * 24 * hour]),
  }
}

/** What the owner has written for a second of that model; null when it is not lent. */
function priceOf({ prices, models }: Pick<Lending, 'prices' | 'models'>, model: string): MicroMolt | null {
  if (models !== null && !models.some((name) => gpuModelMatches(model, name))) return null
  const fitting = Object.keys(prices)
    .filter((name) => name !== '*' && gpuModelMatches(model, name))
    .toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1))
  return prices[fitting[0] ?? '*'] ?? null
}

export interface Rates {
  /** What is asked now. */
  readonly asked: MicroMolt
  /** It is lent for no less, whoever negotiates. */
  readonly least: MicroMolt
}

/** For a second of one GPU of that model; null when it is not lent. Owners who write a price below the mode's floor mean it. */
export function ratesOf(lending: Lending, model: string, demand: Demand, now: Instant): Rates | null {
  const price = priceOf(lending, model)
  if (price === null) return null
  const { pricing, floor, peak } = lending
  const least = pricing.strategy === 'listed' && floor < price ? floor : price
  const rate = askedRate(pricing, price, demand)
  const asked = isWithin(peak, now) ? atPeak(rate, peak.percent) : rate
  return { asked: asked > least ? asked : least, least }
}

/** µMOLT for a second, of a price for an hour: rounded up. */
const perSecond = (perHour: MicroMolt): MicroMolt => ceilDiv(perHour, 3_600n)

const moltOf = (text: string | undefined, otherwise: MicroMolt): MicroMolt => {
  const amount = text === undefined ? null : parseMolt(text)
  return amount === null || amount > largestAmount ? otherwise : amount
}

function spanOf(text: string | undefined, otherwise: Millis, [least, most]: readonly [Millis, Millis]): Millis {
  const span = text === undefined ? otherwise : (parseDuration(text) ?? otherwise)
  return Math.min(most, Math.max(least, span))
}

const hoursOf = (texts: readonly string[] = []): LocalHours['hours'] => texts.flatMap((text) => parseHours(text) ?? [])
