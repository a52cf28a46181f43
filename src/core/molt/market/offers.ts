/** What a node offers to everybody, as its free capacity changes: what to publish, and what to withdraw. */
import type { MicroMolt } from '../../../model/amount.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import { mostGpus, type Verification } from '../../../model/molt-hardware.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import { minute } from '../../../model/time.ts'
import type { FreeGroup } from './capacity.ts'
import { isWithin } from './hours.ts'
import type { Lending } from './lending.ts'
import { ratesOf } from './lending.ts'
import type { Situation } from './decide.ts'

/** Offers live so long, and are said again after a third of it. */
export const offerLife: Millis = 30 * minute

export interface Lender extends Pick<Situation, 'provider' | 'network' | 'leases' | 'isolation' | 'market' | 'now'> {
  readonly groups: readonly FreeGroup[]
  readonly verification: Verification
  /** It takes part no more, or is shut down. */
  readonly isLeaving: boolean
}

export interface OfferChanges {
  readonly publish: readonly Offer[]
  /** Numbers of those to be withdrawn. */
  readonly withdraw: readonly number[]
}

/** `standing`: what was published last under each number, also what was withdrawn, so that a kind of GPU keeps its number. */
export function offerChanges(
  standing: ReadonlyMap<number, { readonly offer: Offer; readonly isWithdrawn: boolean }>,
  lending: Lending,
  lender: Lender,
): OfferChanges {
  const open = offersFor(lending, lender)
  const numbers = new Map([...standing].map(([number, { offer }]) => [kindOf(offer), number]))
  let last = Math.max(0, ...standing.keys())
  const wanted = open.map((offer) => ({ ...offer, number: numbers.get(kindOf(offer)) ?? (last += 1) }))
  const isLive = new Set(wanted.map(({ number }) => number))
  return {
    publish: wanted.filter(({ number, ...offer }) => {
      const before = standing.get(number)
      return before === undefined || before.isWithdrawn || isToBeSaid({ ...offer, number }, before.offer, lender.now)
    }),
    withdraw: [...standing]
      .filter(([number, { offer, isWithdrawn }]) => !isWithdrawn && !isLive.has(number) && offer.endOfLife > lender.now)
      .map(([number]) => number),
  }
}

/** All that is offered now, unnumbered. */
function offersFor(lending: Lending, lender: Lender): readonly Omit<Offer, 'number'>[] {
  const { provider, network, groups, leases, isolation, market, verification, isLeaving, now } = lender
  const given = lending.isolation.find((one) => isolation.includes(one))
  if (isLeaving || given === undefined || leases >= lending.concurrency || isWithin(lending.blackout, now)) return []
  return groups.flatMap((group) => {
    const { vendor, model, memoryMib, free, used, all } = group
    const rate = rateOf(lending, group, { used, all, market: market(model) }, now)
    // What costs nothing can have nothing set aside for it, so it cannot be agreed on.
    if (free.length === 0 || rate === null || rate === 0n) return []
    return {
      ...{ network, provider, vendor, model, memoryMib, free: Math.min(free.length, mostGpus), rate },
      ...{ shortest: lending.shortest, longest: lending.longest, isolation: given, region: lending.region },
      ...{ verification, issuedAt: now, endOfLife: now + offerLife },
    }
  })
}

const rateOf = (
  lending: Lending,
  { model }: FreeGroup,
  demand: Parameters<typeof ratesOf>[2],
  now: Instant,
): MicroMolt | null => ratesOf(lending, model, demand, now)?.asked ?? null

/** When something in it has changed, or it is a third of its life old. */
function isToBeSaid(offer: Offer, before: Offer, now: Instant): boolean {
  const { issuedAt, endOfLife } = before
  const isSame = JSON.stringify(said(offer)) === JSON.stringify(said(before))
  return !isSame || now >= issuedAt + (endOfLife - issuedAt) / 3 || issuedAt > now
}

/** In one order of the fields, without the times. */
const said = ({ free, rate, shortest, longest, isolation, region, verification }: Offer) => [
  ...[free, rate.toString(), shortest, longest],
  ...[isolation, region, verification],
]

const kindOf = ({ vendor, model, memoryMib }: Pick<Offer, 'vendor' | 'model' | 'memoryMib'>): string =>
  `${vendor}/${model}/${memoryMib}`
