import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../../../../src/lib/canonical-json.ts'
import type { LendableDevice, NodeCapacity } from '../../../../../src/core/molt/market/capacity.ts'
import { lendable } from '../../../../../src/core/molt/market/capacity.ts'
import type { Share } from '../../../../../src/core/molt/market/lending.ts'
import { lendingOf } from '../../../../../src/core/molt/market/lending.ts'
import type { Lender, OfferChanges } from '../../../../../src/core/molt/market/offers.ts'
import { offerChanges, offerLife } from '../../../../../src/core/molt/market/offers.ts'
import { askedRate, atPeak, largestRate, middleRate } from '../../../../../src/core/molt/market/pricing.ts'
import { isWithin } from '../../../../../src/core/molt/market/hours.ts'
import { parseHours } from '../../../../../src/model/molt-hours.ts'
import { Offer } from '../../../../../src/model/molt-offer.ts'
import type { LendingPolicy } from '../../../../../src/model/molt-policy.ts'
import { aGroup, now } from '../../../../support/molt/market.ts'
import { network, provider } from '../../../../support/molt/samples.ts'

const device = (uuid: string, use: LendableDevice['use'], model = 'NVIDIA H100 80GB HBM3'): LendableDevice => ({
  ...{ uuid, vendor: 'nvidia', model, memoryMib: 81_559, use },
})
const freeIn = (capacity: NodeCapacity, share: Share) =>
  lendable(capacity, share, { now, grace: 30_000 }).flatMap(({ free }) => free)

describe('given a node with some of its GPUs in use', () => {
  const devices = [
    device('a', 'owner'),
    device('b', 'yielding'),
    device('c', 'free'),
    device('d', 'out'),
    device('e', 'promised'),
  ]

  test('then each mode lends what it stands for, and nothing twice', () => {
    expect(freeIn({ devices, ownWork: 1 }, 'idle')).toEqual([])
    expect(freeIn({ devices, ownWork: 1 }, 'unused')).toEqual(['c'])
    expect(freeIn({ devices, ownWork: 1 }, 'preempt')).toEqual(['c', 'b'])
  })

  test('when the owner has no work at all, then even a conservative node lends, also beside other guests', () => {
    const idle = [device('c', 'free'), device('e', 'promised')]
    expect(freeIn({ devices: idle, ownWork: 0 }, 'idle')).toEqual(['c'])
    expect(freeIn({ devices: idle, ownWork: 1 }, 'idle')).toEqual([])
  })

  test('when only work that gives way holds them, then they are there after its grace', () => {
    const [group] = lendable({ devices: [device('b', 'yielding')], ownWork: 1 }, 'preempt', { now, grace: 30_000 })
    expect(group).toMatchObject({ free: ['b'], used: 1, all: 1, availableAt: now + 30_000 })
  })
})

describe('given what stands, when the free capacity changes', () => {
  const lender = (parts: Partial<Lender> = {}): Lender => ({
    ...{ provider, network: network.id, groups: [aGroup()], leases: 0, isolation: ['gvisor'], market: () => null, now },
    ...{ verification: 'self-reported', isLeaving: false },
    ...parts,
  })
  const standing = (...changes: readonly OfferChanges[]) => {
    const all = new Map<number, { offer: Offer; isWithdrawn: boolean }>()
    for (const { publish, withdraw } of changes) {
      for (const offer of publish) all.set(offer.number, { offer, isWithdrawn: false })
      for (const number of withdraw) {
        const one = all.get(number)
        if (one !== undefined) all.set(number, { ...one, isWithdrawn: true })
      }
    }
    return all
  }
  const changes = (before: ReturnType<typeof standing>, parts: Partial<Lender> = {}, policy: LendingPolicy = {}) =>
    offerChanges(before, lendingOf('moderate', policy), lender(parts))
  const first = changes(standing())

  test('then what is new is published, as offers that others take', () => {
    expect(first).toMatchObject({
      publish: [{ number: 1, free: 4, rate: 556n, endOfLife: now + offerLife }],
      withdraw: [],
    })
    for (const offer of first.publish) expect(Offer.safeParse(JSON.parse(canonicalJson(offer))).success).toBe(true)
  })

  test('when its price is nothing, then it is not offered, as nothing could be set aside for it', () => {
    expect(changes(standing(), {}, { prices: { '*': '0' } })).toEqual({ publish: [], withdraw: [] })
  })

  test('then what stands is left alone until a third of its life is over', () => {
    expect(changes(standing(first), { now: now + offerLife / 3 - 1 })).toEqual({ publish: [], withdraw: [] })
    expect(changes(standing(first), { now: now + offerLife / 3 }).publish).toHaveLength(1)
  })

  test('then fewer GPUs are said at once, none at all is withdrawn, and the number comes back with them', () => {
    expect(changes(standing(first), { groups: [aGroup({ free: ['G0'] })] })).toMatchObject({
      publish: [{ number: 1, free: 1 }],
    })
    const gone = changes(standing(first), { groups: [aGroup({ free: [] })] })
    expect(gone).toEqual({ publish: [], withdraw: [1] })
    expect(changes(standing(first, gone), { groups: [aGroup({ free: [] })] })).toEqual({ publish: [], withdraw: [] })
    expect(changes(standing(first, gone))).toMatchObject({ publish: [{ number: 1 }], withdraw: [] })
  })

  test('then another kind of GPU gets a number of its own', () => {
    const groups = [aGroup({ model: 'NVIDIA L4', memoryMib: 23_034 }), aGroup()]
    expect(changes(standing(first), { groups })).toMatchObject({ publish: [{ number: 2, model: 'NVIDIA L4' }] })
  })

  test.each([
    ['it leaves', { isLeaving: true }, {}],
    ['it has as many leases as it may', { leases: 5 }, {}],
    ['it has no isolation that its owner allows', { isolation: ['runc' as const] }, {}],
    ['nothing is lent at that hour', {}, { blackout: ['00:00-24:00'] }],
    ['that model is not lent', {}, { gpus: ['A100'] }],
  ] satisfies [string, Partial<Lender>, LendingPolicy][])('when %s, then all is withdrawn', (_, parts, policy) => {
    expect(changes(standing(first), parts, policy)).toEqual({ publish: [], withdraw: [1] })
  })
})

describe('given a price, then the rate follows from the strategy', () => {
  const demand = { used: 0, all: 8, market: null }
  const rate = (
    strategy: 'listed' | 'fixed' | 'utilisation' | 'market',
    more: Partial<typeof demand> | { market: bigint } = {},
  ) => askedRate({ strategy, markupPercent: 20 }, 1_000n, { ...demand, ...more })

  test('in whole numbers, rounded up', () => {
    expect(rate('listed')).toBe(1_000n)
    expect(rate('fixed')).toBe(1_200n)
    expect([0, 4, 8, 9].map((used) => rate('utilisation', { used }))).toEqual([1_100n, 1_550n, 2_000n, 2_000n])
    expect([rate('market', { market: 700n }), rate('market')]).toEqual([700n, 1_200n])
    expect(askedRate({ strategy: 'fixed', markupPercent: 20 }, 1n, demand)).toBe(2n)
    expect(atPeak(1_001n, 150)).toBe(1_502n)
  })

  test('and none is so high that its total could not be paid', () => {
    expect(rate('market', { market: 2n ** 80n })).toBe(largestRate)
    expect(atPeak(largestRate, 10_000)).toBe(largestRate)
  })

  test('the middle of what others ask is moved by no liar further than to the next honest one', () => {
    expect(middleRate([])).toBeNull()
    expect(middleRate([5n])).toBe(5n)
    expect([middleRate([1n, 2n, 3n, 10n ** 15n]), middleRate([0n, 1n, 2n, 3n])]).toEqual([2n, 1n])
  })
})

describe('given hours of the week', () => {
  // 2025-06-16 is a Monday.
  const at = (text: string): number => Date.parse(text)
  const within = (hours: string, moment: string, timeZone = 'UTC'): boolean =>
    isWithin({ hours: [parseHours(hours)].filter((one) => one !== null), timeZone }, at(moment))

  test.each([
    ['09:00-17:00', '2025-06-16T09:00:00Z', true],
    ['09:00-17:00', '2025-06-16T17:00:00Z', false],
    ['Mon-Fri 09:00-17:00', '2025-06-15T12:00:00Z', false],
    ['Fri-Mon 09:00-17:00', '2025-06-16T12:00:00Z', true],
    ['Sat,sun 00:00-24:00', '2025-06-15T23:59:59Z', true],
    ['Sun 22:00-06:00', '2025-06-16T05:59:00Z', true],
    ['Sun 22:00-06:00', '2025-06-16T22:00:00Z', false],
    ['Mon 22:00-06:00', '2025-06-16T05:59:00Z', false],
  ])('%s at %s', (hours, moment, isIn) => {
    expect(within(hours, moment)).toBe(isIn)
  })

  test('then they are of the place that is named, summer or winter', () => {
    expect(within('18:00-19:00', '2025-07-01T16:30:00Z', 'Europe/Berlin')).toBe(true)
    expect(within('18:00-19:00', '2025-12-01T16:30:00Z', 'Europe/Berlin')).toBe(false)
    expect(within('Tue 00:00-01:00', '2025-06-16T15:30:00Z', 'Asia/Tokyo')).toBe(true)
  })

  test.each(['', '9-17', '25:00-26:00', '09:60-10:00', 'Mon-Wed-Fri 09:00-10:00', 'Foo 09:00-10:00', '24:00-06:00'])(
    'when it says %j, then it says none',
    (text) => {
      expect(parseHours(text)).toBeNull()
    },
  )
})
