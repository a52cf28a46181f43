/** What the work of a namespace took over a span of days, and what that costs. */
import type { MeteredDay, Prices } from '../../model/prices.ts'
import { priceOfGpu } from '../../model/prices.ts'
import type { Instant } from '../../model/time.ts'
import { isTerminal } from '../../model/workload.ts'
import { added, meteredDay, tookUntil } from '../state/metering.ts'
import type { MeshState } from '../state/types.ts'

type Source = Pick<MeshState, 'metered' | 'workloads' | 'members'>

export interface Span {
  /** The first day that counts. */
  readonly from: Instant
  readonly now: Instant
}

/** By the day, oldest first: what is over, and what runs as far as it has run by now. */
export function takenBy(state: Source, namespace: string, { from, now }: Span): readonly MeteredDay[] {
  const first = Math.floor(from / meteredDay)
  const running = [...state.workloads.values()].filter(
    ({ spec, state: is, placement }) => spec.namespace === namespace && placement !== null && !isTerminal(is),
  )
  const all = [...(state.metered.get(namespace) ?? []), ...running.flatMap((one) => tookUntil(state, one, now))]
  const days = new Map<number, MeteredDay>()
  for (const one of all.filter(({ day }) => day >= first)) {
    const known = days.get(one.day)
    days.set(one.day, known === undefined ? one : added(known, one))
  }
  return [...days.values()].toSorted((a, b) => a.day - b.day)
}

/** Of all days together. */
export const totalOf = (days: readonly MeteredDay[]): MeteredDay =>
  days.reduce(added, { day: days[0]?.day ?? 0, gpuSeconds: {}, cpuSeconds: 0, memoryGibSeconds: 0 })

export interface Bill {
  readonly cost: number
  /** Models that nobody has set a price for: what they did costs nothing here. */
  readonly unpriced: readonly string[]
}

export function billFor({ gpuSeconds, cpuSeconds, memoryGibSeconds }: Omit<MeteredDay, 'day'>, prices: Prices): Bill {
  const gpus = Object.entries(gpuSeconds).map(([model, seconds]) => ({
    model,
    seconds,
    price: priceOfGpu(prices, model),
  }))
  const hours =
    gpus.reduce((sum, { seconds, price }) => sum + seconds * (price ?? 0), 0) +
    cpuSeconds * prices.cpuHour +
    memoryGibSeconds * prices.memoryGibHour
  const unpriced = gpus.filter(({ price }) => price === null).map(({ model }) => model)
  return { cost: Math.round((hours / 3_600) * 100) / 100, unpriced: unpriced.toSorted() }
}
