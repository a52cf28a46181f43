import { expect, test } from 'vitest'
import { wantHash } from '../../../../src/core/molt/market/decide.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { type NodeId, nodeId } from '../../../../src/model/ids.ts'
import type { Offer } from '../../../../src/model/molt-offer.ts'
import type { Rpc } from '../../../../src/ports/rpc.ts'
import { collectBids, type CollectorDeps } from '../../../../src/services/molt/buying/collector.ts'
import { nameVerifier } from '../../../support/molt/names.ts'
import { World } from '../../../../src/simulation/world.ts'
import { aBid, aWant, known, now } from '../../../support/molt/market.ts'
import { never } from '../../../support/molt/lab.ts'
import { provider as honest } from '../../../support/molt/samples.ts'

const want = aWant()
const offerOf = (provider: NodeId, rate: bigint): Offer => ({
  ...{
    network: want.network,
    provider,
    number: 1,
    vendor: 'nvidia',
    model: 'NVIDIA H100 80GB HBM3',
    memoryMib: 81_559,
  },
  ...{ free: 4, rate, shortest: 1_000, longest: 86_400_000, isolation: 'gvisor', region: null },
  ...{ verification: 'self-reported', issuedAt: now, endOfLife: now + 1_800_000 },
})
const fakes = Array.from({ length: 40 }, (_, i) => nodeId(`fake-${i}`))

/** Many who say that they ask for less than anybody, and answer nobody; and one who asks for more, and answers. */
function market(isKnown: boolean) {
  const asked: NodeId[] = []
  const call = (to: NodeId): Promise<unknown> => {
    asked.push(to)
    if (to !== honest) return Promise.reject(new ClawError('NODE_UNREACHABLE', { node: to, detail: 'no way' }))
    const signed = aBid({ want: wantHash(want) })
    return Promise.resolve({ type: 'bid', signed })
  }
  const world = new World(3)
  const deps: CollectorDeps = {
    ...{ rpc: { call: call as Rpc['call'] }, verifier: nameVerifier, random: world },
    clock: { now: () => now, elapsed: () => 0, after: () => () => {} },
    finder: { find: () => Promise.resolve([...fakes.map((id) => offerOf(id, 1n)), offerOf(honest, 100n)]) },
    learn: () => Promise.resolve(),
    knownOf: (id) => known(isKnown && id === honest ? { score: 90 } : {}),
  }
  return { deps, asked }
}

test('given many who promise much and answer nothing, then who has kept its word is asked in the first round', async () => {
  const { deps, asked } = market(true)
  const { ranked, silent, told } = await collectBids(deps, { want, except: new Set() }, never)
  expect(told.reasons).toEqual({ 'no answer': 11 })
  expect(ranked.map(({ signed }) => signed.bid.provider)).toEqual([honest])
  expect(asked.length).toBe(12)
  expect(silent.length).toBe(11)
})

test('given that nobody is known, then those who were silent are asked no more, until the one who answers is found', async () => {
  const { deps } = market(false)
  const except = new Set<string>()
  let rounds = 0
  for (let bids = 0; bids === 0 && rounds < 10; rounds += 1) {
    const { ranked, silent } = await collectBids(deps, { want, except }, never)
    for (const one of silent) except.add(one)
    bids = ranked.length
  }
  expect(rounds).toBeLessThanOrEqual(4)
})

test('given many who say to ask for least, then they are not all who are asked: others are, by lot', async () => {
  const { deps, asked } = market(false)
  await collectBids(deps, { want, except: new Set() }, never)
  const cheapest = fakes.toSorted().slice(0, 12)
  expect(asked.filter((one) => cheapest.includes(one)).length).toBeLessThan(asked.length)
  expect(asked).toEqual(expect.arrayContaining(cheapest.slice(0, 4)))
})

test('given offers that do not fit, then what stands against each of them is told, and nobody is asked', async () => {
  const { deps, asked } = market(false)
  const offers = [
    { ...offerOf(nodeId('short'), 1n), longest: 60_000 },
    { ...offerOf(nodeId('small'), 1n), free: 1 },
    { ...offerOf(nodeId('dear'), 1n), rate: 1_000_000n },
    ...[offerOf(nodeId('failed'), 1n), { ...offerOf(nodeId('weak'), 1n), memoryMib: 1 }],
    ...[offerOf(nodeId(want.buyer), 1n)],
  ]
  const finder = { find: () => Promise.resolve(offers) }
  const { told } = await collectBids({ ...deps, finder }, { want, except: new Set(['failed']) }, never)
  expect(told).toEqual({
    ...{ offers: 0, asked: 0, bids: 0 },
    reasons: { 'too-long': 1, capacity: 1, price: 1, tried: 1, memory: 1 },
  })
  expect(asked).toEqual([])
})

test('given a buyer that lends itself, then its own offers are told of only where there are no others', async () => {
  const { deps, asked } = market(false)
  const toldOf = async (...offers: readonly Offer[]) => {
    const finder = { find: () => Promise.resolve(offers) }
    return (await collectBids({ ...deps, finder }, { want, except: new Set() }, never)).told.reasons
  }
  const own = offerOf(want.buyer, 1n)
  expect(await toldOf(own, own)).toEqual({ own: 2 })
  expect(await toldOf(own, { ...offerOf(honest, 1n), free: 0 })).toEqual({ capacity: 1 })
  expect(await toldOf(own, offerOf(honest, 1n))).toEqual({})
  expect(asked).toEqual([honest])
})

test('given a provider of whom nothing is known, when a reputation is wanted, then it is its own that stands against it', async () => {
  const { deps } = market(false)
  const wanted = { ...want, minReputation: 50 }
  const call = () => Promise.resolve({ type: 'bid', signed: aBid({ want: wantHash(wanted) }) })
  const only = {
    ...deps,
    rpc: { call: call as Rpc['call'] },
    finder: { find: () => Promise.resolve([offerOf(honest, 1n)]) },
  }
  const { told } = await collectBids(only, { want: wanted, except: new Set() }, never)
  expect(told.reasons).toEqual({ standing: 1 })
})
