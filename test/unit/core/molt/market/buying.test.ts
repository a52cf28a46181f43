import { describe, expect, test } from 'vitest'
import { depthOf } from '../../../../../src/core/molt/market/depth.ts'
import { buyingOf } from '../../../../../src/core/molt/market/preferences.ts'
import { spendingOf } from '../../../../../src/core/molt/market/spending.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import type { Offer } from '../../../../../src/model/molt-offer.ts'

const offer = (parts: Partial<Offer>): Offer => ({
  ...{ network: 'n', provider: nodeId('a'), number: 1, vendor: 'nvidia', model: 'H100', memoryMib: 80_000, free: 1 },
  ...{ rate: 1n, shortest: 1_000, longest: 2_000, isolation: 'gvisor', region: null },
  ...{ verification: 'self-reported', issuedAt: 1, endOfLife: 2, ...parts },
})

describe('the depth of a market', () => {
  test('is told by model, and half of its GPUs cost no more than the median', () => {
    const depth = depthOf(
      [
        offer({ rate: 9n, free: 1 }),
        offer({ rate: 2n, free: 1, provider: nodeId('b'), isolation: 'kata' }),
        offer({ rate: 4n, free: 6, provider: nodeId('c'), longest: 3_000 }),
        offer({ model: 'A100', rate: 3n }),
      ],
      (who) => (who === 'c' ? 're-executed' : 'self-reported'),
    )
    expect(depth).toMatchObject([
      { model: 'A100', providers: 1, lowest: 3n, median: 3n, highest: 3n },
      { model: 'H100', providers: 3, free: 8, lowest: 2n, median: 4n, highest: 9n, longest: 3_000 },
    ])
    expect(depth[1]?.isolation).toEqual(['gvisor', 'kata'])
    expect(depth[1]?.verified).toEqual({ 'self-reported': 2, probed: 0, 'vendor-attested': 0, 're-executed': 1 })
  })

  test('is nothing where nothing is offered', () => {
    expect(depthOf([], () => 'self-reported')).toEqual([])
  })
})

describe('what a node may spend', () => {
  test('is what a moderate one may, where its owner has said nothing', () => {
    expect(buyingOf({})).toMatchObject({ limits: spendingOf.moderate, minReputation: 0, isolation: ['gvisor', 'kata'] })
    expect(buyingOf({}).arbiters).toEqual([])
  })

  test('is what its owner has said', () => {
    const { limits, isolation } = buyingOf({ maxSpendPerJob: '2.5', maxSpendPerDay: '7 MOLT', isolation: ['runc'] })
    expect(limits).toEqual({ job: 2_500_000n, hour: spendingOf.moderate.hour, day: 7_000_000n })
    expect(isolation).toEqual(['runc'])
  })
})
