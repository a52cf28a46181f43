/**
 * How soon work runs at a stranger: bids of a quote, and then from the request until its provider says that it runs. Real daemons of three
 * owners on lab hosts of their own, the buyer behind a router, four witnesses of whom one may lie, and an image that the provider has.
 *
 *     sudo scripts/lab/docker.sh up; export $(scripts/lab/docker.sh env); node scripts/bench/run.mjs molt-start [rounds]
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/support/ask.ts'
import { MarketHosts } from '../../test/support/molt/market-hosts.ts'
import { figure, spread } from './figures.ts'

interface Quote {
  readonly quote: string
  readonly bids: readonly unknown[]
  readonly found: { readonly offers: number }
}
interface Job {
  readonly id: string
  readonly state: string
  readonly work: { readonly startedAt: string | null } | null
}

const rounds = Number(process.argv[2] ?? 40)
const limit = 60_000

async function state(socket: string, job: string, wanted: readonly string[]): Promise<Job> {
  for (const end = performance.now() + limit; performance.now() < end;) {
    const seen = await ask<Job>(socket, 'moltjob.info', { job })
    if (wanted.includes(seen.state)) return seen
    await sleep(5)
  }
  throw new Error(`${job} does not come to be ${wanted.join(' or ')}`)
}

/** The first answer with bids, and how long that alone took: after a guest, its GPU is looked at before it is lent again. */
async function bids(socket: string, wish: Record<string, string>): Promise<Quote & { readonly ms: number }> {
  for (const end = performance.now() + limit; performance.now() < end;) {
    const asked = performance.now()
    const quote = await ask<Quote>(socket, 'molt.quote', wish)
    if (quote.bids.length > 0) return { ...quote, ms: performance.now() - asked }
    await sleep(100)
  }
  throw new Error('nobody bids')
}

const market = await MarketHosts.up()
try {
  await market.join()
  const { socket } = market.buyer
  const { image } = market
  const [quotes, runs, whole, closes]: [number[], number[], number[], number[]] = [[], [], [], []]
  const [again, offers]: [number[], number[]] = [[], []]
  let closed = performance.now()
  // The first one pulls the image, and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const wish = { image, duration: '60s', maxPrice: '10' } as const
    const { quote, found, ms } = await bids(socket, wish)
    const quoted = performance.now()
    const request = { ...wish, quote, memory: '32Mi', command: ['sleep', '300'] }
    const { id } = await ask<Job>(socket, 'molt.request', request)
    await state(socket, id, ['running'])
    const ran = performance.now()
    await ask(socket, 'moltjob.cancel', { job: id })
    await state(socket, id, ['cancelled'])
    again.push(quoted - closed)
    closed = performance.now()
    if (round === 0) continue
    quotes.push(ms)
    runs.push(ran - quoted)
    whole.push(ms + ran - quoted)
    closes.push(closed - ran)
    offers.push(found.offers)
  }
  figure('molt quote', 'ms', spread(quotes))
  figure('molt request to running', 'ms', spread(runs))
  figure('molt quote and request to running', 'ms', spread(whole))
  figure('molt cancel to closed', 'ms', spread(closes))
  figure('molt closed to bids for the next', 'ms', spread(again.slice(1)))
  const found = { least: Math.min(...offers), most: Math.max(...offers) }
  figure('offers found per lookup', 'offers', { offered: 1, ...found })
} finally {
  await market.down()
}
