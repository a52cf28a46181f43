import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { totalFor } from '../../../../../src/core/molt/market/decide.ts'
import { lendingOf } from '../../../../../src/core/molt/market/lending.ts'
import { oneMolt } from '../../../../../src/model/amount.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { Bid } from '../../../../../src/model/molt-bid.ts'
import { LendingPolicy } from '../../../../../src/model/molt-policy.ts'
import { Want } from '../../../../../src/model/molt-want.ts'
import { canonicalJson } from '../../../../../src/lib/canonical-json.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import type { Asked } from '../../../../support/molt/market.ts'
import { aGroup, aWant, decided, now } from '../../../../support/molt/market.ts'

const buyer = aWant().buyer

describe('given a provider that is asked', () => {
  test('when all is as it wants it, then it bids, and names the GPUs that it holds', () => {
    const decision = decided({})
    expect(decision).toMatchObject({ type: 'bid', devices: ['G0', 'G1'] })
    if (decision.type !== 'bid') return
    expect(decision.bid).toMatchObject({
      gpus: 2,
      isolation: 'gvisor',
      interval: 30 * second,
      validUntil: now + minute,
    })
    // Twice what a moderate node takes at least: 1 MOLT for a GPU-hour.
    expect(decision.bid.rate).toBe(556n)
    expect(Bid.safeParse(JSON.parse(canonicalJson(decision.bid))).success).toBe(true)
  })

  const refusals: readonly (readonly [why: string, reason: string, asked: Asked])[] = [
    ['another network', 'network', { want: { network: 'molt-other' } }],
    ['a want from the future', 'dated', { want: { issuedAt: now + 121 * second, deadline: now + 125 * second } }],
    ['a want that is over', 'dated', { want: { issuedAt: now - minute, deadline: now } }],
    ['one who was caught', 'closed-out', { situation: { buyer: { score: 99, isClosedOut: true } } }],
    ['one whom the owner will not have', 'blocked', { policy: { buyers: { blocked: [buyer] } } }],
    ['hours in which nothing is lent', 'blackout', { policy: { blackout: ['00:00-24:00'] } }],
    ['another region', 'region', { want: { region: 'eu-west' } }],
    ['an image that is blocked', 'image', { policy: { images: { allowed: ['*'], blocked: ['*/busybox'] } } }],
    ['an image that is not allowed', 'image', { policy: { images: { allowed: ['ghcr.io/*'] } } }],
    ['as many leases as it has at a time', 'concurrency', { situation: { leases: 5 } }],
    ['runc, which no owner has allowed', 'isolation', { want: { isolation: ['runc'] } }],
    ['a model that it has not', 'model', { want: { model: 'A100' } }],
    ['more memory than it has', 'model', { want: { memoryMib: 90_000 } }],
    ['a model that it does not lend', 'model', { policy: { gpus: ['A100'] } }],
    ['more GPUs than are free', 'capacity', { want: { gpus: 5 } }],
    ['a bad name', 'reputation', { situation: { buyer: { score: 49, isClosedOut: false } } }],
    ['too short a time', 'too-short', { policy: { shortest: '20m' } }],
    ['too long a time', 'too-long', { want: { duration: 2 * hour, maxTotal: 100n * oneMolt } }],
    ['more than the owner lets it take', 'approval', { policy: { largestLease: '0.1' } }],
  ]
  test.each(refusals)('when it is %s, then it says %s', (_, reason, asked) => {
    expect(decided(asked)).toEqual({ type: 'decline', reason })
  })

  test('when several things are wrong, then it says what costs least to find out, and GPUs and price before names', () => {
    const bad = { buyer: { score: 1, isClosedOut: false } }
    const price = { maxTotal: 1n }
    expect(decided({ mode: 'conservative', want: price, situation: bad })).toMatchObject({ reason: 'price' })
    expect(decided({ mode: 'conservative', situation: { ...bad, groups: [] } })).toMatchObject({ reason: 'model' })
  })

  test('when nobody knows the buyer, then only modes that take newcomers lend to it, and those who are trusted always get', () => {
    const stranger = { buyer: { score: null, isClosedOut: false } }
    const policy: LendingPolicy = { buyers: { trusted: [buyer] } }
    expect(decided({ mode: 'conservative', situation: stranger })).toMatchObject({ reason: 'newcomer' })
    expect(decided({ mode: 'moderate', situation: stranger })).toMatchObject({ type: 'bid' })
    expect(decided({ mode: 'conservative', situation: stranger, policy })).toMatchObject({ type: 'bid' })
  })
})

describe('given an image that a buyer names', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const decline = { type: 'decline', reason: 'image' }
  const asked = (name: string, images?: LendingPolicy['images']) =>
    decided({ want: { image: { name, digest } }, policy: images === undefined ? {} : { images } })

  test.each([
    ...[
      '10.0.0.1:5000/evil/miner',
      '127.0.0.1/x',
      '169.254.169.254/latest',
      '8.8.8.8/x',
      '0x7f.0.0.1/x',
      '127.0.0.0x1/x',
    ],
    ...[
      'localhost/x',
      'localhost:5000/x',
      'registry:5000/x',
      '2130706433:80/x',
      'nas.local/x',
      'vault.internal:8200/x',
    ],
    ...['registry.corp./x', 'gitlab.lan/x'],
  ])('when its registry is %s, then the host is not led there, unless its owner has named that registry', (name) => {
    const registry = name.slice(0, name.indexOf('/'))
    expect(asked(name)).toEqual(decline)
    expect(asked(name, { allowed: ['*'] })).toEqual(decline)
    expect(asked(name, { allowed: [`${registry}/*`] })).toMatchObject({ type: 'bid' })
    expect(asked(name, { allowed: [`${registry}/*`], blocked: [`${registry}/*`] })).toEqual(decline)
  })

  test('when it is spelt otherwise, then the same rules count', () => {
    const blocked = { blocked: ['docker.io/evil/*'] }
    for (const name of ['evil/miner', 'index.docker.io/evil/miner', 'docker.io/evil/miner:1'])
      expect(asked(name, blocked)).toEqual(decline)
    expect(asked('ghcr.io/team/app')).toMatchObject({ type: 'bid' })
    expect(asked('busybox', { allowed: ['docker.io/library/*'] })).toMatchObject({ type: 'bid' })
  })
})

describe('given a buyer that wants to pay less than is asked', () => {
  // 2 GPUs for 10 minutes: 1,200 GPU-seconds; asked are 556, and 278 at least.
  test('when it is still enough, then a node that negotiates bids what the buyer has', () => {
    const decision = decided({ want: { maxTotal: 1_200n * 300n + 7n } })
    expect(decision).toMatchObject({ type: 'bid', bid: { rate: 300n } })
  })

  test('when it is not enough, then it makes a counter-offer at what it asks, and a conservative one declines', () => {
    expect(decided({ want: { maxTotal: 1_200n * 277n } })).toMatchObject({ type: 'counter', bid: { rate: 556n } })
    expect(decided({ mode: 'conservative', want: { maxTotal: 1_200n * 600n } })).toEqual({
      ...{ type: 'decline', reason: 'price' },
    })
  })

  test('when the owner has written a lower price, then that is the least', () => {
    const policy: LendingPolicy = { prices: { H100: '0.36' } }
    expect(decided({ policy, want: { maxTotal: 1_200n * 100n } })).toMatchObject({ type: 'bid', bid: { rate: 100n } })
    expect(decided({ policy, want: { maxTotal: 1_200n * 99n } })).toMatchObject({
      type: 'counter',
      bid: { rate: 100n },
    })
  })
})

test('given two kinds of GPU that fit, when one is cheaper, then that one is bid', () => {
  const groups = [aGroup(), aGroup({ model: 'NVIDIA H100 PCIe', free: ['P0', 'P1'] })]
  const policy: LendingPolicy = { prices: { H100: '3', 'H100 PCIe': '2' } }
  expect(decided({ policy, want: { model: 'h100' }, situation: { groups } })).toMatchObject({ devices: ['P0', 'P1'] })
})

test('given a price of nothing, or so little that it cannot be set aside, then nothing is bid', () => {
  const nothing: LendingPolicy = { prices: { '*': '0' } }
  expect(decided({ policy: nothing })).toEqual({ type: 'decline', reason: 'too-little' })
  // One GPU for a second, at 556.
  const small = { gpus: 1, duration: second }
  expect(decided({ want: small })).toEqual({ type: 'decline', reason: 'too-little' })
  expect(decided({ want: small, policy: { prices: { '*': '3.6' } } })).toMatchObject({ bid: { rate: 1_000n } })
})

test('given arbiters whom the owner has named, then a bid names those whom the buyer has named, too', () => {
  const [one, two] = [nodeId('one'), nodeId('two')]
  const named = (arbiters: Want['arbiters']) => decided({ policy: { arbiters: [one, two] }, want: { arbiters } })
  expect(named([])).toMatchObject({ bid: { arbiters: [] } })
  expect(named([two, nodeId('three')])).toMatchObject({ bid: { arbiters: [two] } })
})

test('given peak hours, then the rate is that much higher, where the clocks of the owner say so', () => {
  // 2025-06-15T15:06:40Z is a Sunday, 17:06 in Berlin.
  const peak = { hours: ['Sun 17:00-18:00'], percent: 150 }
  const at = (timeZone: string) => decided({ policy: { prices: { '*': '3.6' }, peak, timeZone } })
  expect(at('Europe/Berlin')).toMatchObject({ bid: { rate: 1_500n } })
  expect(at('UTC')).toMatchObject({ bid: { rate: 1_000n } })
})

describe('given the three modes, then each lends as its row of the table says', () => {
  test.each([
    [
      'conservative',
      {
        share: 'idle',
        minReputation: 80,
        newcomers: false,
        negotiates: false,
        longest: 10 * minute,
        concurrency: 1,
        floor: 556n,
        largestLease: 100n * oneMolt,
      },
    ],
    [
      'moderate',
      {
        share: 'unused',
        minReputation: 50,
        newcomers: true,
        negotiates: true,
        longest: hour,
        concurrency: 5,
        floor: 278n,
        largestLease: 10_000n * oneMolt,
      },
    ],
    [
      'aggressive',
      {
        share: 'preempt',
        minReputation: 20,
        newcomers: true,
        negotiates: true,
        longest: 24 * hour,
        concurrency: 100,
        floor: 139n,
        largestLease: 1_000_000n * oneMolt,
      },
    ],
  ] as const)('%s', (mode, limits) => {
    expect(lendingOf(mode)).toMatchObject(limits)
    expect(lendingOf(mode).isolation).not.toContain('runc')
  })
})

test('given a policy with what cannot be, then it is refused as a whole', () => {
  for (const bad of [
    { prices: { H100: '-1' } },
    { prices: { H100: 'NaN' } },
    { prices: { H100: '1e3' } },
    { prices: { H100: '99999999999999999999' } },
    { longest: '10 parsecs' },
    { blackout: ['Mon-Fun 00:00-24:00'] },
    { blackout: ['09:00-09:00'] },
    { timeZone: 'Mars/Olympus' },
    { peak: { hours: ['22:00-06:00'], percent: 50 } },
    { unknown: 1 },
  ])
    expect(LendingPolicy.safeParse(bad).success).toBe(false)
  expect(LendingPolicy.safeParse({ blackout: ['22:00-06:00', 'Mon-Fri 09:00-17:30'], longest: '2h' }).success).toBe(
    true,
  )
})

const anyWant = fc.record({
  gpus: fc.integer({ min: 1, max: 1_024 }),
  duration: fc.integer({ min: 1_000, max: 30 * 86_400_000 }),
  maxTotal: fc.bigInt(0n, 2n ** 63n - 1n),
  memoryMib: fc.integer({ min: 0, max: 100_000 }),
})

test('given any want and any policy, then a bid is one that both can sign: within what the buyer pays, with no more credit than an interval costs', () => {
  const price = fc
    .bigInt(0n, 1_000_000_000_000n)
    .map((micro) => `${micro / oneMolt}.${String(micro % oneMolt).padStart(6, '0')}`)
  const policy = fc.record({
    prices: fc.record({ '*': price }),
    pricing: fc.record({
      strategy: fc.constantFrom('fixed' as const, 'utilisation' as const, 'market' as const),
      markupPercent: fc.nat(10_000),
    }),
    longest: fc.constantFrom('1s', '10m', '30d'),
  })
  const free = Array.from({ length: 1_024 }, (_, i) => `G${i}`)
  fc.assert(
    fc.property(anyWant, policy, fc.option(fc.bigInt(0n, 2n ** 62n)), (parts, written, market) => {
      const decision = decided({
        ...{ mode: 'aggressive', policy: written, want: parts },
        situation: { groups: [aGroup({ free, all: 2_000, used: 976 })], market: () => market },
      })
      if (decision.type === 'decline') return
      const { bid, devices } = decision
      const want = aWant(parts)
      expect(Bid.safeParse(JSON.parse(canonicalJson(bid))).success).toBe(true)
      expect(Want.safeParse(JSON.parse(canonicalJson(want))).success).toBe(true)
      expect(new Set(devices).size).toBe(parts.gpus)
      if (decision.type === 'bid') expect(totalFor(bid.rate, want)).toBeLessThanOrEqual(parts.maxTotal)
      else expect(totalFor(bid.rate, want)).toBeGreaterThan(parts.maxTotal)
      expect(bid.buyer).toBe(nodeId('borrower'))
    }),
  )
})
