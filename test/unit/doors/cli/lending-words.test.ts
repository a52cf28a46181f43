import { expect, test } from 'vitest'
import { policyFacts } from '../../../../src/doors/cli/show/lending-words.ts'

test('terms of lending say how much data goes with work and comes back, and for how long it is kept', () => {
  const price = { inWords: '1 MOLT' }
  const data = { inputs: 10 * 2 ** 30, outputs: 5 * 2 ** 30, images: 0, all: 100 * 2 ** 30 }
  const terms = {
    ...{
      mode: 'moderate',
      prices: { '*': price, A100: price },
      isolation: ['gvisor'],
      shortestMs: 1_000,
      longestMs: 60_000,
    },
    ...{ intervalMs: 1_000, reclaimMs: 1_000, concurrency: 1, minReputation: 0, newcomers: true, largestLease: price },
    data: { ...data, sendMs: 600_000, keepMs: 3_600_000 },
  }
  const policy = { arbiters: ['12D3'], disputeWindow: '10m', images: { allowed: ['docker.io/*'] } }
  const said = policyFacts({ mode: null, policy, terms, available: null } as unknown as Parameters<
    typeof policyFacts
  >[0])
  const lines = said.map((line) => line.replace(/\s+/g, ' '))
  expect(lines.slice(1, 3)).toEqual(['Price: 1 MOLT an hour of A100', 'Price: 1 MOLT an hour of any other GPU'])
  expect(lines).toEqual(expect.arrayContaining(['Arbiters: 12D3', 'They have: 10m', 'Images: docker.io/*']))
  expect(said.map((line) => line.replace(/\s+/g, ' ')).slice(-4)).toEqual([
    'Data of a lease: 10Gi sent, 5Gi left at most; images come from registries only',
    'Data of all leases: 100Gi at most',
    'Waits for data: 10m',
    'Keeps what is left: 1h after the agreement was closed',
  ])
})
