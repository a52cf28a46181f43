import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Deal } from '../../../../../src/core/molt/market/reputation.ts'
import { dealOf, fullFee, remembered, standingsOf } from '../../../../../src/core/molt/market/reputation.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { agreed, network } from '../../../../support/molt/samples.ts'

const now = 1_750_000_000_000
const self = nodeId('self')

const deal = (buyer: string, provider: string, parts: Partial<Deal> = {}): Deal => ({
  ...{ buyer: nodeId(buyer), provider: nodeId(provider), how: 'agreed', paid: 4_000_000n, fee: fullFee, closedAt: now },
  ...parts,
})

const scored = (deals: readonly Deal[], who: string, role: 'buyer' | 'provider' = 'provider') =>
  standingsOf({ deals, self, closedOut: new Set(), now })(nodeId(who), role).score

const times = (count: number, make: (index: number) => Deal): readonly Deal[] =>
  Array.from({ length: count }, (_, index) => make(index))

describe('given agreements that were closed', () => {
  test('when there are none of a party, then nothing is known of it, which is neither good nor bad', () => {
    expect(scored([], 'p')).toBeNull()
    expect(scored([deal('b', 'other')], 'p')).toBeNull()
  })

  test('when others have closed well with it, then its name grows with each of them', () => {
    const by = (count: number) =>
      scored(
        times(count, (i) => deal(`b${i}`, 'p')),
        'p',
      )
    expect([1, 2, 4, 9].map(by)).toEqual([50, 66, 80, 90])
  })

  test('when one pair trades again and again, then that counts once', () => {
    expect(
      scored(
        times(100, () => deal('b', 'p')),
        'p',
      ),
    ).toBe(50)
  })

  test('when its buyers had to take their credit back, then its name suffers', () => {
    const good = times(4, (i) => deal(`b${i}`, 'p'))
    const bad = times(4, (i) => deal(`c${i}`, 'p', { how: 'taken-back', paid: 0n, fee: 0n }))
    expect(scored([...good, ...bad], 'p')).toBe(57)
    expect(scored(bad, 'p')).toBe(0)
  })

  test('when a provider has to claim, then that is bad for its buyer, and no good for itself', () => {
    const claimed = [deal('b', 'p', { how: 'claimed' })]
    expect(scored(claimed, 'b', 'buyer')).toBe(0)
    expect(scored(claimed, 'p')).toBeNull()
  })

  test('when arbiters have judged, then that says nothing of either', () => {
    expect(scored([deal('b', 'p', { how: 'judged' })], 'p')).toBeNull()
  })

  test('when there is less than one good deal, then it stands no worse than a party without any', () => {
    const small = times(9, (i) => deal(`b${i}`, 'p', { fee: fullFee / 10n }))
    expect(scored(small, 'p')).toBeNull()
    expect(scored([...small, deal('b9', 'p', { fee: fullFee / 10n })], 'p')).toBe(50)
    expect(scored([...small, deal('c', 'p', { how: 'taken-back', paid: 0n, fee: 0n })], 'p')).toBe(37)
  })

  test('when it is long ago, or is said to be from the future, then it says nothing', () => {
    expect(scored([deal('b', 'p', { closedAt: now - remembered })], 'p')).toBeNull()
    expect(scored([deal('b', 'p', { closedAt: now + 1 })], 'p')).toBeNull()
  })

  test('when it has signed two things that contradict each other, then it is out, whatever its name', () => {
    const standing = standingsOf({ deals: [deal('b', 'p')], self, closedOut: new Set([nodeId('p')]), now })
    expect(standing(nodeId('p'), 'provider').isClosedOut).toBe(true)
  })

  test('when it is its own deal, or of one with whom it has closed well, then it needs no proof of cost', () => {
    const free = { fee: 0n }
    expect(scored([deal('self', 'p', free)], 'p')).toBe(50)
    expect(scored([deal('self', 'q', free), deal('q', 'p', free)], 'p')).toBe(50)
    expect(scored([deal('b', 'p', free)], 'p')).toBeNull()
  })
})

describe('given wash traders', () => {
  test('when they trade among themselves for nothing, then nobody knows them', () => {
    const ring = times(1_000, (i) => deal(`sybil-${i}`, 'wash', { paid: 1n, fee: 0n }))
    expect(scored(ring, 'wash')).toBeNull()
  })

  test('when they pay fees, then a name costs what as many honest buyers would have paid, gone for good', () => {
    const cheap = times(1_000, (i) => deal(`sybil-${i}`, 'wash', { fee: 100n }))
    // 1,000 times 0.0001 MOLT come to a single deal.
    expect(scored(cheap, 'wash')).toBe(50)
    const burnt = cheap.reduce((sum, { fee }) => sum + fee, 0n)
    expect(burnt).toBe(fullFee)
  })

  test('when the ring pays whoever gets the fees, then they are not lost, and count for nothing', () => {
    const { feeBps } = network
    const house = { feeBps, feeTo: agreed().terms.provider }
    expect(dealOf(agreed(), { how: 'agreed', paid: 4_000n }, { network: house, closedAt: now }).fee).toBe(0n)
    expect(dealOf(agreed(), { how: 'agreed', paid: 4_000n }, { network, closedAt: now }).fee).toBe(100n)
  })

  test('when they want to smear somebody, then each has to have been trusted with a lease, and counts for half', () => {
    const good = times(9, (i) => deal('b', `p${i}`))
    const smear = [deal('b', 'liar', { how: 'claimed' })]
    expect([scored(good, 'b', 'buyer'), scored([...good, ...smear], 'b', 'buyer')]).toEqual([90, 85])
  })
})

test('given what an account was closed at, then the deal says what was paid by it', () => {
  const agreement = agreed()
  const claimed = dealOf(agreement, { how: 'claimed', paid: 800n }, { network, closedAt: now })
  expect(claimed).toMatchObject({ how: 'claimed', paid: 800n, fee: 20n, closedAt: now })
})

describe('given a provider whom a buyer blames though both have signed the sum', () => {
  const good = times(4, (i) => deal(`b${i}`, 'p'))
  const blamed = deal('c', 'p', { blamed: ['provider'] })

  test('when the buyer has paid as much in fees as praise costs, then it is a bad deal for the provider, and a good one for the buyer', () => {
    expect([scored(good, 'p'), scored([...good, blamed], 'p')]).toEqual([80, 66])
    expect(scored([blamed], 'c', 'buyer')).toBe(50)
  })

  test('when the buyer has paid nothing, then its word counts for nothing, unless it is known', () => {
    const free = { ...blamed, paid: 0n, fee: 0n }
    expect(scored([...good, free], 'p')).toBe(80)
    expect(scored([...good, free, deal('c', 'self')], 'p')).toBe(66)
    expect(scored([...good, { ...free, buyer: self }], 'p')).toBe(66)
  })

  test('when that is for next to nothing, then it keeps no newcomer out, until as much was paid for it as for a good deal', () => {
    const dust = (count: number): readonly Deal[] =>
      times(count, (i) => ({ ...blamed, buyer: nodeId(`c${i}`), fee: 100n }))
    expect([1, 999].map((count) => scored(dust(count), 'p'))).toEqual([null, null])
    expect(scored(dust(1_000), 'p')).toBe(0)
    // What this node has seen itself, and what an account shows, count all the same.
    expect(scored([{ ...blamed, buyer: self, fee: 100n }], 'p')).toBe(0)
    expect(scored([...dust(1), deal('d', 'p', { how: 'taken-back', paid: 0n, fee: 0n })], 'p')).toBe(0)
  })

  test('when this node itself blames one, then the word of that one about others counts no more than that of any stranger', () => {
    const small = { fee: 10n }
    const recommended = deal('c', 'q', small)
    const known = deal('self', 'c')
    expect(scored([recommended, known], 'q')).toBe(50)
    expect(scored([recommended, { ...known, blamed: ['provider'] }], 'q')).toBeNull()
  })
})

test('given any words of strangers for which less was paid than a good deal costs, then nothing is known yet', () => {
  const dust = fc.record({
    buyer: fc.constantFrom('b', 'c', 'd'),
    fee: fc.bigInt(0n, fullFee / 21n),
    isBad: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(dust, { maxLength: 20 }), (list) => {
      const deals = list.map(({ buyer, fee, isBad }) => deal(buyer, 'p', { fee, blamed: isBad ? ['provider'] : [] }))
      expect(scored(deals, 'p')).toBeNull()
    }),
  )
})

test('given any deals, then a score is of 100, and more good deals never make it worse', () => {
  const any = fc.record({
    buyer: fc.constantFrom('b', 'c', 'self'),
    how: fc.constantFrom('agreed' as const, 'claimed' as const, 'taken-back' as const, 'judged' as const),
    fee: fc.bigInt(0n, 2n * fullFee),
    paid: fc.bigInt(0n, 10n),
    blamed: fc.constantFrom<NonNullable<Deal['blamed']>>([], ['provider']),
  })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 20 }), (list) => {
      const deals = list.map(({ buyer, ...parts }) => deal(buyer, 'p', parts))
      const before = scored(deals, 'p')
      const after = scored([...deals, deal('new', 'p')], 'p')
      if (before !== null) expect(before >= 0 && before < 100).toBe(true)
      expect(after ?? -1).toBeGreaterThanOrEqual(before ?? 0)
    }),
  )
})
