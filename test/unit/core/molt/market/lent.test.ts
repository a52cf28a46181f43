import { expect, test } from 'vitest'
import { earnedIn, type Lent, lentFrom, lentText } from '../../../../../src/core/molt/market/lent.ts'
import { nodeId } from '../../../../../src/model/ids.ts'

const lent = (closedAt: number, paid: bigint): Lent => ({
  ...{ agreement: 'a'.repeat(64), buyer: nodeId('buyer'), gpus: 2, model: 'H100', rate: 5n, gpuMillis: 2_000n },
  ...{ startsAt: 0, closedAt, why: 'completed', how: 'agreed', paid },
})

test('what was earned is what was paid in that time, less what went to the network', () => {
  const all = [lent(10, 1_000n), lent(20, 2_000n), lent(30, 4_000n)]
  const network = { feeBps: 250, feeTo: nodeId('house') }
  expect(earnedIn(all, network, { from: 10, to: 30 })).toEqual({ leases: 2, gpuMillis: 4_000n, paid: 3_000n, fee: 75n })
  expect(earnedIn(all, { ...network, feeTo: null }, { from: 30, to: 31 })).toMatchObject({ paid: 4_000n, fee: 0n })
  expect(earnedIn([], network, { from: 0, to: 99 })).toEqual({ leases: 0, gpuMillis: 0n, paid: 0n, fee: 0n })
})

test('it is read as it was written', () => {
  expect(lentFrom(lentText(lent(10, 7n)))).toEqual(lent(10, 7n))
})
