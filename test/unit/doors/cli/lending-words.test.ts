import { expect, test } from 'vitest'
import { policyFacts } from '../../../../src/doors/cli/show/lending-words.ts'

test('terms of lending say how much data goes with work and comes back, and for how long it is kept', () => {
  const price = { inWords: '1 MOLT' }
  const data = { inputs: 10 * 2 ** 30, outputs: 5 * 2 ** 30, images: 0, all: 100 * 2 ** 30 }
  const terms = {
    ...{ mode: 'moderate', prices: {}, isolation: ['gvisor'], shortestMs: 1_000, longestMs: 60_000 },
    ...{ intervalMs: 1_000, reclaimMs: 1_000, concurrency: 1, minReputation: 0, newcomers: true, largestLease: price },
    data: { ...data, sendMs: 600_000, keepMs: 3_600_000 },
  }
  const said = policyFacts({ mode: null, policy: {}, terms, available: null } as unknown as Parameters<
    typeof policyFacts
  >[0])
  expect(said.map((line) => line.replace(/\s+/g, ' ')).slice(-4)).toEqual([
    'Data of a lease: 10Gi sent, 5Gi left, an image of 0Mi at most',
    'Data of all leases: 100Gi at most',
    'Waits for data: 10m',
    'Keeps what is left: 1h after the agreement was closed',
  ])
})
