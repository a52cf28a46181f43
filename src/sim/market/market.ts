/** A market in virtual time: providers and buyers by the real rules, on the real ledger, some of them cheats. */
import type { Known } from '../../core/molt/market/match.ts'
import { lendingOf } from '../../core/molt/market/lending.ts'
import { middleRate } from '../../core/molt/market/pricing.ts'
import type { Role, Standing } from '../../core/molt/market/reputation.ts'
import { standingsOf } from '../../core/molt/market/reputation.ts'
import { spendingOf } from '../../core/molt/market/spending.ts'
import type { Genesis } from '../../core/molt/network.ts'
import { networkOf } from '../../core/molt/network.ts'
import { sha256 } from '../../lib/sha256.ts'
import { oneMolt, type MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import type { Offer } from '../../model/molt-offer.ts'
import type { Want } from '../../model/molt-want.ts'
import type { Instant } from '../../model/time.ts'
import { hour, minute } from '../../model/time.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { Bank } from './bank.ts'
import { Borrower } from './borrower.ts'
import { Lender } from './lender.ts'
import type { MarketSize, PlannedBuyer, PlannedJob, PlannedProvider, Population, ProviderTrick } from './population.ts'
import { populationOf } from './population.ts'
import { Street } from './street.ts'
import { washTrade } from './wash.ts'

export interface MarketInit {
  readonly size: MarketSize
  readonly seed: number
  readonly random: Random
  readonly signerOf: (id: NodeId) => Signer
  readonly verifier: Verifier
}

/** At minute marks. */
export interface MarketSample {
  readonly at: Instant
  /** GPUs that compute for guests. */
  readonly busy: number
}

export interface Market {
  readonly init: MarketInit
  readonly population: Population
  readonly street: Street
  readonly bank: Bank
  readonly providers: readonly { readonly planned: PlannedProvider; readonly lender: Lender }[]
  readonly buyers: readonly { readonly planned: PlannedBuyer; readonly borrower: Borrower }[]
  readonly samples: MarketSample[]
  readonly standingOf: (self: NodeId, who: NodeId, role: Role) => Standing
}

const start: Instant = 1_750_000_000_000
const witness = nodeId('witness')
const mint = nodeId('mint')
/** What is known of others is looked up so often. */
const knownFor = 10 * minute
/** What everybody offers is looked at so often. */
const boardEvery = minute

const genesisOf = (): Genesis => ({
  ...{ name: 'simulated', witnesses: [witness], faulty: 0, feeBps: 250, feeTo: nodeId('house') },
  issuers: [{ account: mint, limit: 10_000_000n * oneMolt }],
  ...{ claimTime: hour, createdAt: start },
})

/** Plays it to its end: all work is over, and all that may have to be waited for has been. */
export function playMarket(init: MarketInit, onHour: (hours: number) => void = () => {}): Market {
  const market = openMarket(init)
  const { street, bank } = market
  const end = start + init.size.span
  for (const { planned, lender } of market.providers) prepare(market, planned, lender)
  for (const { planned, borrower } of market.buyers) {
    bank.pay(mint, borrower.id, planned.funds, start)
    for (const [index, job] of planned.jobs.entries())
      street.after(job.at - start, () => borrower.ask(jobName(planned, index), wantOf(market, borrower.id, job, index)))
  }
  for (let at = start + minute; at < end; at += minute) {
    street.runUntil(at)
    market.samples.push({ at, busy: sumOf(market.providers, ({ lender }) => lender.host.busy()) })
    if ((at - start) % hour === 0) onHour((at - start) / hour)
  }
  // The longest lease, and the time in which its provider may still claim.
  street.runUntil(end + 5 * hour)
  return market
}

const sumOf = <Item>(items: readonly Item[], count: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + count(item), 0)

const jobName = ({ name }: PlannedBuyer, index: number): string => `${name}/${index}`

function openMarket(init: MarketInit): Market {
  const { size, random, signerOf, verifier } = init
  const population = populationOf(size, start, random)
  const street = new Street(start, random, { latency: [5, 80], loss: 0 })
  const bank = new Bank({ network: networkOf(genesisOf()), witness: signerOf(witness), signerOf, verifier })
  const standingOf = standings(bank, street)
  const board = boardOf(street, () => providers.map(({ lender }) => lender))
  const works = new Map(
    population.buyers.flatMap((buyer) => buyer.jobs.map((job, index) => [wantKey(buyer.name, index), job.work])),
  )
  const providers = population.providers.map((planned) => ({
    planned,
    lender: new Lender({
      ...{ signer: signerOf(nodeId(planned.name)), verifier, street, bank, trick: trickOf(planned.trick) },
      lending: lendingOf(planned.mode, { prices: { '*': planned.price } }),
      gpus: Array.from({ length: planned.gpus }, (_, at) => ({
        ...{ uuid: `${planned.name}/${at}`, vendor: 'nvidia', model: planned.model, memoryMib: planned.memoryMib },
      })),
      standingOf: (buyer) => standingOf(nodeId(planned.name), buyer, 'buyer'),
      market: board.rate,
      workOf: (_, { nonce }) => works.get(nonce.slice(0, 30)) ?? null,
    }),
  }))
  const buyers = population.buyers.map((planned) => ({
    planned,
    borrower: new Borrower({
      ...{ signer: signerOf(nodeId(planned.name)), verifier, street, bank, trick: planned.trick },
      ...{ limits: spendingOf.moderate, board: board.offers },
      knownOf: (provider): Known => ({
        ...standingOf(nodeId(planned.name), provider, 'provider'),
        verification: 'self-reported',
      }),
    }),
  }))
  for (const { lender } of providers) street.residents.set(lender.id, lender)
  for (const { borrower } of buyers) street.residents.set(borrower.id, borrower)
  return { init, population, street, bank, providers, buyers, samples: [], standingOf }
}

/** What a lender does itself; the rest of a trick is in how it came by its name, or its names. */
const trickOf = (trick: ProviderTrick | null) => (trick === 'wash' || trick === 'sybil' ? 'defaults' : trick)

function prepare({ street, bank, init }: Market, planned: PlannedProvider, lender: Lender): void {
  for (const { at, gpus } of planned.ownWork) street.after(at - start, () => lender.ownerTakes(gpus))
  if (planned.trick !== 'wash') return
  bank.pay(mint, lender.id, oneMolt, start)
  washTrade({ ...{ bank, signerOf: init.signerOf, provider: lender.id, names: 20 }, paid: 20_000n, now: start })
}

/** Each asks for itself, and not at every step. */
function standings(bank: Bank, street: Street): Market['standingOf'] {
  const known = new Map<NodeId, { readonly at: Instant; readonly of: ReturnType<typeof standingsOf> }>()
  return (self, who, role) => {
    const last = known.get(self)
    if (last !== undefined && street.now - last.at < knownFor) return last.of(who, role)
    const of = standingsOf({ deals: bank.deals, self, closedOut: new Set(), now: street.now })
    known.set(self, { at: street.now, of })
    return of(who, role)
  }
}

function boardOf(street: Street, lenders: () => readonly Lender[]) {
  let at = -Infinity
  let all: readonly Offer[] = []
  const rates = new Map<string, MicroMolt | null>()
  const offers = (): readonly Offer[] => {
    if (street.now - at < boardEvery) return all
    at = street.now
    rates.clear()
    all = lenders().flatMap((lender) => lender.offers(street.now))
    return all
  }
  const rate = (model: string): MicroMolt | null => {
    const known = rates.get(model)
    if (known !== undefined) return known
    const found = middleRate(all.filter((offer) => offer.model === model).map((offer) => offer.rate))
    rates.set(model, found)
    return found
  }
  return { offers, rate }
}

const wantKey = (buyer: string, index: number): string => sha256(`${buyer}/${index}`).slice(0, 30)

function wantOf({ bank, street }: Market, buyer: NodeId, job: PlannedJob, index: number): Want {
  const { gpus, model, memoryMib, duration, maxTotal, strategy, minReputation } = job
  return {
    ...{ network: bank.network.id, buyer, nonce: `${wantKey(buyer, index)}00`, gpus, model, memoryMib, duration },
    ...{ maxTotal, minReputation, isolation: ['gvisor', 'kata'], preferred: [], arbiters: [], region: null },
    ...{ minVerification: 'self-reported', strategy },
    image: { name: 'docker.io/library/work', digest: `sha256:${sha256('work')}` },
    ...{ issuedAt: street.now, deadline: street.now + 5_000 },
  }
}
