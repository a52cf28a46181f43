/** Whether a provider answers a want with a bid, and at which terms. First what costs least to find out; then, as its owner thinks: can I, does it pay, whom is it for, for how long, is it too much. */
import type { MicroMolt } from '../../../model/amount.ts'
import { costOf } from '../../../model/amount.ts'
import { gpuModelMatches } from '../../../model/gpu.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Bid, DeclineReason } from '../../../model/molt-bid.ts'
import type { Isolation } from '../../../model/molt-hardware.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import { minute, second } from '../../../model/time.ts'
import { type Hash, hashOf } from '../signing.ts'
import { leastPayment } from '../spend.ts'
import type { FreeGroup } from './capacity.ts'
import { isCurrent } from './dated.ts'
import { isWithin } from './hours.ts'
import { isAllowedImage } from './image-rules.ts'
import { isRoomFor } from './data-rules.ts'
import type { Lending, Rates } from './lending.ts'
import { ratesOf } from './lending.ts'
import type { Demand } from './pricing.ts'
import type { Standing } from './reputation.ts'

/** A bid can be taken for so long, while there are GPUs for it. */
export const bidLife: Millis = minute

export const wantHash = (want: Want): Hash => hashOf('want', want)

/** What a provider knows when it is asked. */
export interface Situation {
  readonly provider: NodeId
  readonly network: string
  readonly groups: readonly FreeGroup[]
  /** Agreements that are not closed. */
  readonly leases: number
  /** Those that this node can give, and of which it knows that they work. */
  readonly isolation: readonly Isolation[]
  readonly buyer: Standing
  /** Bytes that there is still room for, of all that is sent and kept for guests; null where nothing can be. */
  readonly room: number | null
  /** What others ask for a model. */
  readonly market: (model: string) => MicroMolt | null
  readonly now: Instant
}

/** A counter-offer is a bid that costs more than the buyer wants to pay. `devices` are those that are free now; others may be when the bid is taken. */
export type Decision =
  | { readonly type: 'bid' | 'counter'; readonly bid: Bid; readonly devices: readonly string[] }
  | { readonly type: 'decline'; readonly reason: DeclineReason }

export function decideBid(lending: Lending, want: Want, situation: Situation): Decision {
  const early = unfit(lending, want, situation)
  if (early !== null) return { type: 'decline', reason: early }
  const choice = chosen(lending, want, situation)
  if (typeof choice === 'string') return { type: 'decline', reason: choice }
  const { rate, isCounter } = priced(lending, want, choice.rates)
  if (isCounter && !lending.negotiates) return { type: 'decline', reason: 'price' }
  if (totalFor(rate, want) < leastPayment) return { type: 'decline', reason: 'too-little' }
  const late = unwilling(lending, want, situation) ?? tooMuch(lending, want, rate)
  if (late !== null) return { type: 'decline', reason: late }
  const devices = choice.group.free.slice(0, want.gpus)
  return { type: isCounter ? 'counter' : 'bid', bid: bidOf(lending, want, situation, { ...choice, rate }), devices }
}

/** What has nothing to do with GPUs or money. */
function unfit(lending: Lending, want: Want, { provider, network, buyer, room, now }: Situation): DeclineReason | null {
  if (want.network !== network || want.buyer === provider) return 'network'
  if (!isCurrent({ issuedAt: want.issuedAt, until: want.deadline }, now)) return 'dated'
  if (buyer.isClosedOut) return 'closed-out'
  if (lending.blocked.includes(want.buyer)) return 'blocked'
  if (isWithin(lending.blackout, now)) return 'blackout'
  if (want.region !== null && want.region !== lending.region) return 'region'
  if (!isAllowedImage(lending, want.image.name)) return 'image'
  return isRoomFor(lending, want, room) ? null : 'data'
}

interface Choice {
  readonly group: FreeGroup
  readonly rates: Rates
  readonly isolation: Isolation
}

/** The cheapest kind of GPU that fits. */
function chosen(lending: Lending, want: Want, situation: Situation): Choice | DeclineReason {
  const { groups, leases, market, now } = situation
  if (leases >= lending.concurrency) return 'concurrency'
  const isolation = isolationFor(lending, want, situation)
  if (isolation === undefined) return 'isolation'
  const fitting = groups.filter((group) => fits(group, want))
  const demandOf = ({ used, all, model }: FreeGroup): Demand => ({ used, all, market: market(model) })
  const lent = fitting.flatMap((group) => {
    const rates = ratesOf(lending, group.model, demandOf(group), now)
    return rates === null ? [] : { group, rates, isolation }
  })
  const able = lent.filter(({ group }) => group.free.length >= want.gpus)
  const [cheapest] = able.toSorted((a, b) =>
    a.rates.asked < b.rates.asked ? -1 : a.rates.asked > b.rates.asked ? 1 : 0,
  )
  return cheapest ?? (lent.length > 0 ? 'capacity' : 'model')
}

/** The first of the buyer's that this node can give and whose owner allows it. */
const isolationFor = (lending: Lending, want: Want, { isolation }: Situation): Isolation | undefined =>
  want.isolation.find((one) => lending.isolation.includes(one) && isolation.includes(one))

const fits = ({ model, memoryMib }: FreeGroup, want: Want): boolean =>
  memoryMib >= want.memoryMib && (want.model === null || gpuModelMatches(model, want.model))

/** What is asked, or as much as the buyer has where that is enough and the owner negotiates. */
function priced(
  { negotiates }: Lending,
  want: Want,
  { asked, least }: Rates,
): { readonly rate: MicroMolt; readonly isCounter: boolean } {
  const most = affordable(want)
  if (most >= asked) return { rate: asked, isCounter: false }
  return negotiates && most >= least ? { rate: most, isCounter: false } : { rate: asked, isCounter: true }
}

/** The highest rate whose total the buyer wants to pay. */
const affordable = ({ maxTotal, gpus, duration }: Want): MicroMolt =>
  (maxTotal * 1_000n) / (BigInt(gpus) * BigInt(duration))

function unwilling(lending: Lending, want: Want, { buyer }: Situation): DeclineReason | null {
  if (!lending.trusted.includes(want.buyer)) {
    if (buyer.score === null && !lending.newcomers) return 'newcomer'
    if (buyer.score !== null && buyer.score < lending.minReputation) return 'reputation'
  }
  if (want.duration < lending.shortest) return 'too-short'
  return want.duration > lending.longest ? 'too-long' : null
}

const tooMuch = ({ largestLease }: Lending, want: Want, rate: MicroMolt): DeclineReason | null =>
  totalFor(rate, want) > largestLease ? 'approval' : null

/** What all of it costs at that rate. */
export const totalFor = (rate: MicroMolt, { gpus, duration }: Pick<Want, 'gpus' | 'duration'>): MicroMolt =>
  costOf(rate, BigInt(gpus) * BigInt(duration))

/** Even a short lease is paid in several parts. */
const leastParts = 4

function bidOf(
  lending: Lending,
  want: Want,
  { provider, network, now }: Situation,
  { group, isolation, rate }: Omit<Choice, 'rates'> & { readonly rate: MicroMolt },
): Bid {
  const interval = Math.max(second, Math.min(lending.interval, Math.floor(want.duration / leastParts)))
  const { model, memoryMib, availableAt } = group
  return {
    ...{ network, provider, buyer: want.buyer, want: wantHash(want), gpus: want.gpus, model, memoryMib, rate },
    credit: costOf(rate, BigInt(want.gpus) * BigInt(interval)),
    ...{ interval, reclaim: lending.reclaim },
    ...judges(lending, want, provider),
    ...{ isolation, region: lending.region, image: want.image.digest },
    ...(want.data !== undefined && { data: { ...want.data, sendMs: lending.data.send, keepMs: lending.data.keep } }),
    ...{ issuedAt: now, availableAt, validUntil: now + bidLife },
  }
}

/** Those whom both have named, and the time that they have. */
function judges({ arbiters: own, disputeWindow }: Lending, want: Want, provider: NodeId) {
  const arbiters = own.filter((one) => want.arbiters.includes(one) && one !== provider && one !== want.buyer)
  return { arbiters, ...(arbiters.length > 0 && { disputeWindow }) }
}
