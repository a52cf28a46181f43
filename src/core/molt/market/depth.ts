/** What a market has, by model of GPU: so many, of so many, at such rates. Offers are what strangers say. */
import type { MicroMolt } from '../../../model/amount.ts'
import type { NodeId } from '../../../model/ids.ts'
import { type Isolation, type Verification, verifications } from '../../../model/molt-hardware.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { Millis } from '../../../model/time.ts'

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
  /** Nobody of them lends for longer. */
  readonly longest: Millis
  readonly isolation: readonly Isolation[]
  /** Its providers by how sure whoever looks is of them. */
  readonly verified: Readonly<Record<Verification, number>>
}

/** By model, and the cheapest first among those of one. */
export function depthOf(
  offers: readonly Offer[],
  verificationOf: (provider: NodeId) => Verification,
): readonly Depth[] {
  const kinds = Map.groupBy(offers, ({ model, memoryMib }) => `${model}\n${memoryMib}`)
  return Array.from(kinds.values(), (kind) => depthOfKind(kind, verificationOf))
    .filter((depth) => depth !== null)
    .toSorted((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : a.memoryMib - b.memoryMib))
}

function depthOfKind(offers: readonly Offer[], verificationOf: (provider: NodeId) => Verification): Depth | null {
  const sorted = offers.toSorted((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : 0))
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return null
  const free = sorted.reduce((sum, offer) => sum + offer.free, 0)
  const providers = [...new Set(sorted.map(({ provider }) => provider))]
  let below = 0
  const middle = sorted.find((offer) => (below += offer.free) * 2 >= free) ?? last
  return {
    ...{ model: first.model, memoryMib: first.memoryMib, free },
    providers: providers.length,
    verified: countOf(providers.map(verificationOf)),
    ...{ lowest: first.rate, median: middle.rate, highest: last.rate },
    longest: Math.max(...sorted.map(({ longest }) => longest)),
    isolation: [...new Set(sorted.map(({ isolation }) => isolation))].toSorted(),
  }
}

const countOf = (all: readonly Verification[]): Record<Verification, number> =>
  Object.fromEntries(verifications.map((one) => [one, all.filter((other) => other === one).length])) as Record<
    Verification,
    number
  >
