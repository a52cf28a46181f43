/** Who takes part in a simulated market, drawn from a seed: what they have, what they want, and how some of them cheat. */
import type { Want } from '../../model/molt-want.ts'
import { strategies } from '../../model/molt-want.ts'
import type { LendingMode } from '../../model/molt-policy.ts'
import { lendingModes } from '../../model/molt-policy.ts'
import { oneMolt, type MicroMolt } from '../../model/amount.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { hour, minute } from '../../model/time.ts'
import type { Random } from '../../ports/random.ts'
import type { BorrowerTrick } from './borrower.ts'
import type { LenderTrick } from './lender-init.ts'

export interface MarketSize {
  readonly providers: number
  readonly buyers: number
  /** Of either, in percent. */
  readonly cheats: number
  /** Of each buyer. */
  readonly jobs: number
  /** In which jobs come. */
  readonly span: Millis
}

/** `wash`: buys a name from its own buyers, and then defaults. `sybil`: one of many names of one owner, who defaults under each. */
export type ProviderTrick = LenderTrick | 'wash' | 'sybil'

export interface PlannedProvider {
  readonly name: string
  readonly mode: LendingMode
  readonly trick: ProviderTrick | null
  readonly model: string
  readonly memoryMib: number
  readonly gpus: number
  /** For an hour of one GPU, in MOLT. */
  readonly price: string
  /** When the owner's own work takes how many of the GPUs. */
  readonly ownWork: readonly { readonly at: Instant; readonly gpus: number }[]
}

export interface PlannedJob extends Pick<
  Want,
  'gpus' | 'model' | 'memoryMib' | 'duration' | 'maxTotal' | 'strategy' | 'minReputation'
> {
  readonly at: Instant
  /** What the work takes. */
  readonly work: Millis
}

export interface PlannedBuyer {
  readonly name: string
  readonly trick: BorrowerTrick | null
  readonly funds: MicroMolt
  readonly jobs: readonly PlannedJob[]
}

export interface Population {
  readonly providers: readonly PlannedProvider[]
  readonly buyers: readonly PlannedBuyer[]
}

/** With what an hour costs, in hundredths of a MOLT. */
const kinds = [
  { model: 'NVIDIA H100 80GB HBM3', family: 'H100', memoryMib: 81_559, cents: 300 },
  { model: 'NVIDIA A100-SXM4-80GB', family: 'A100', memoryMib: 81_920, cents: 180 },
  { model: 'NVIDIA GeForce RTX 4090', family: 'RTX 4090', memoryMib: 24_564, cents: 70 },
  { model: 'NVIDIA L4', family: 'L4', memoryMib: 23_034, cents: 60 },
] as const

type Kind = (typeof kinds)[number]

const providerTricks: readonly ProviderTrick[] = ['over-claims', 'defaults', 'vanishes', 'clock', 'wash', 'sybil']
const buyerTricks: readonly BorrowerTrick[] = ['under-pays', 'stops-paying', 'clock']

export function populationOf(size: MarketSize, start: Instant, random: Random): Population {
  const draw = drawing(random)
  const cheatsOf = (count: number): number => Math.round((count * size.cheats) / 100)
  const isCheat = (index: number, count: number): boolean => index < cheatsOf(count)
  return {
    providers: Array.from({ length: size.providers }, (_, index) =>
      providerAt(
        index,
        isCheat(index, size.providers) ? (providerTricks[index % providerTricks.length] ?? null) : null,
        {
          ...{ draw, start, size },
        },
      ),
    ),
    buyers: Array.from({ length: size.buyers }, (_, index) => {
      const trick = isCheat(index, size.buyers) ? (buyerTricks[index % buyerTricks.length] ?? null) : null
      const jobs = Array.from({ length: size.jobs }, () => jobAt(draw, start, size.span))
      const funds = oneMolt * BigInt(draw.whole(50, 500))
      return { name: `buyer-${index}`, trick, funds, jobs: jobs.toSorted((a, b) => a.at - b.at) }
    }),
  }
}

type Draw = ReturnType<typeof drawing>

const drawing = (random: Random) => ({
  /** Both ends may come. */
  whole: (least: number, most: number): number => least + Math.floor(random.next() * (most - least + 1)),
  one: <Item>(items: readonly [Item, ...Item[]]): Item => items[Math.floor(random.next() * items.length)] ?? items[0],
})

function providerAt(
  index: number,
  trick: ProviderTrick | null,
  { draw, start, size }: { readonly draw: Draw; readonly start: Instant; readonly size: MarketSize },
): PlannedProvider {
  const kind = draw.one<Kind>(kinds)
  // Whoever wants to be chosen for nothing is cheap.
  const cents = Math.round((kind.cents * (trick === null ? draw.whole(80, 130) : draw.whole(60, 80))) / 100)
  const gpus = draw.one([1, 2, 4, 8] as const)
  const mode = trick === null ? draw.one([...lendingModes, 'moderate', 'aggressive'] as const) : 'aggressive'
  const isOwner = trick === null && draw.whole(0, 2) === 0
  const ownWork = isOwner ? ownWorkOf(draw, start, { span: size.span, gpus }) : []
  const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
  return { name: `provider-${index}`, mode, trick, model: kind.model, memoryMib: kind.memoryMib, gpus, price, ownWork }
}

function ownWorkOf(draw: Draw, start: Instant, { span, gpus }: { readonly span: Millis; readonly gpus: number }) {
  const turns: { at: Instant; gpus: number }[] = []
  for (let at = start + draw.whole(0, hour); at < start + span; at += draw.whole(20 * minute, 2 * hour))
    turns.push({ at, gpus: draw.whole(0, gpus) })
  return turns
}

function jobAt(draw: Draw, start: Instant, span: Millis): PlannedJob {
  const kind = draw.one<Kind>(kinds)
  const gpus = draw.one([1, 1, 1, 2, 2, 4] as const)
  const duration = draw.one([5, 8, 10, 20, 40, 60] as const) * minute
  const usual = (BigInt(kind.cents * gpus) * oneMolt * BigInt(duration)) / BigInt(100 * hour)
  return {
    ...{ at: start + draw.whole(minute, span), gpus, model: draw.whole(0, 4) === 0 ? null : kind.family },
    ...{ memoryMib: 16_000, duration, work: Math.floor((duration * draw.whole(50, 95)) / 100) },
    maxTotal: (usual * BigInt(draw.whole(80, 200))) / 100n,
    strategy: draw.one(['balanced', ...strategies]),
    minReputation: draw.whole(0, 9) === 0 ? 50 : 0,
  }
}
