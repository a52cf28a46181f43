/** What a market has, by model of GPU: so many, of so many, at such rates. Offers are what strangers say. */
import type { MicroMolt } from '../../../model/amount.ts'
import type { Isolation } from '../../../model/molt-hardware.ts'
import type { Offer } from '../../../model/molt-offer.ts'

export interface Depth {
  readonly model: string
  readonly memoryMib: number
  readonly free: number
  readonly providers: number
  /** In µMOLT for a second of one GPU. */
  readonly lowest: MicroMolt
  /** Half of the GPUs cost no more. */
  readonly median: MicroMolt
  readonly highest: MicroMolt
  readonly isolation: readonly Isolation[]
}

/** By model, and the cheapest first among those of one. */
export function depthOf(offers: readonly Offer[]): readonly Depth[] {
  const kinds = Map.groupBy(offers, ({ model, memoryMib }) => `${model}\n${memoryMib}`)
  return Array.from(kinds.values(), depthOfKind)
    .filter((depth) => depth !== null)
    .toSorted((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : a.memoryMib - b.memoryMib))
}

function depthOfKind(offers: readonly Offer[]): Depth | null {
  const sorted = offers.toSorted((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : 0))
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return null
  const free = sorted.reduce((sum, offer) => sum + offer.free, 0)
  let below = 0
  const middle = sorted.find((offer) => (below += offer.free) * 2 >= free) ?? last
  return {
    ...{ model: first.model, memoryMib: first.memoryMib, free },
    providers: new Set(sorted.map(({ provider }) => provider)).size,
    ...{ lowest: first.rate, median: middle.rate, highest: last.rate },
    isolation: [...new Set(sorted.map(({ isolation }) => isolation))].toSorted(),
  }
}
