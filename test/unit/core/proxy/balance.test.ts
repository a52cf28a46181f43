import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Balance, Endpoint } from '../../../../src/core/proxy/balance.ts'
import { choose, emptyBalance, forgetOthers, openAt, settled } from '../../../../src/core/proxy/balance.ts'
import { nodeId, type PlacementId } from '../../../../src/model/ids.ts'

const endpoint = (placement: string, revision = 1, isLocal = false): Endpoint => ({
  ...{ placement: placement as PlacementId, node: nodeId('n'), revision, port: 80, isLocal },
})
const none: ReadonlySet<PlacementId> = new Set()
const even = [{ revision: 1, weight: 100 }]

/** One request after the other, each answered before the next. */
function play(balance: Balance, endpoints: readonly Endpoint[], count: number, shares = even): string {
  return Array.from({ length: count }, () => {
    const chosen = choose(balance, { endpoints, shares, tried: none, at: 0 })
    if (chosen === null) return '-'
    settled(balance, chosen.placement, true, 0)
    return chosen.placement
  }).join(' ')
}

test('replicas that are as idle as each other take turns', () => {
  expect(play(emptyBalance(), [endpoint('a'), endpoint('b'), endpoint('c')], 7)).toBe('a b c a b c a')
})

test('those of this host go before others that are as idle, and not before idler ones', () => {
  const balance = emptyBalance()
  const endpoints = [endpoint('a'), endpoint('b', 1, true)]
  expect(play(balance, endpoints, 3)).toBe('b b b')
  const next = () => choose(balance, { endpoints, shares: even, tried: none, at: 0 })?.placement
  expect([next(), next(), next(), next()]).toEqual(['b', 'a', 'b', 'a'])
})

test('revisions get requests by their weights, evenly mixed', () => {
  const endpoints = [endpoint('old', 1), endpoint('new', 2)]
  const shares = [
    { revision: 1, weight: 3 },
    { revision: 2, weight: 1 },
  ]
  expect(play(emptyBalance(), endpoints, 8, shares)).toBe('old old new old old old new old')
})

test('a revision without weight gets nothing, even when nobody else is there', () => {
  const shares = [
    { revision: 1, weight: 100 },
    { revision: 2, weight: 0 },
  ]
  expect(play(emptyBalance(), [endpoint('new', 2)], 2, shares)).toBe('- -')
  expect(play(emptyBalance(), [endpoint('new', 2), endpoint('old', 1)], 2, shares)).toBe('old old')
})

test('the share of a revision that is not there goes to the others', () => {
  const shares = [
    { revision: 1, weight: 90 },
    { revision: 2, weight: 10 },
  ]
  expect(play(emptyBalance(), [endpoint('new', 2)], 3, shares)).toBe('new new new')
})

describe('a replica that could not be reached', () => {
  const endpoints = [endpoint('a'), endpoint('b')]
  const ask = (balance: Balance, at: number, tried = none) => choose(balance, { endpoints, shares: even, tried, at })

  test('is left alone for a while, longer every time, and trusted again once it has answered', () => {
    const balance = emptyBalance()
    const fail = (at: number): void => {
      expect(ask(balance, at)?.placement).toBe('a')
      settled(balance, 'a' as PlacementId, false, at)
    }
    const answer = (at: number): void => {
      const chosen = ask(balance, at)
      expect(chosen?.placement).toBe('b')
      if (chosen !== null) settled(balance, chosen.placement, true, at)
    }
    fail(0)
    answer(1)
    answer(999)
    fail(1_000)
    answer(2_999)
    expect(ask(balance, 3_000)?.placement).toBe('a')
    settled(balance, 'a' as PlacementId, true, 3_000)
    answer(3_001)
    fail(3_002)
    answer(4_001)
    expect(ask(balance, 4_002)?.placement).toBe('a')
  })

  test('is better than nobody', () => {
    const balance = emptyBalance()
    for (const one of endpoints) settled(balance, one.placement, false, 0)
    expect(ask(balance, 10)).not.toBeNull()
    expect(ask(balance, 10, new Set(endpoints.map(({ placement }) => placement)))).toBeNull()
  })
})

test('given any requests, answers and replicas that come and go, nobody is chosen twice for one request, and what is open adds up', () => {
  const step = fc.record({
    there: fc.subarray(['a', 'b', 'c', 'd']),
    answers: fc.array(fc.constantFrom(true, false, null), { maxLength: 3 }),
    tries: fc.integer({ min: 1, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const balance = emptyBalance()
      const open: PlacementId[] = []
      for (const [at, { there, answers, tries }] of steps.entries()) {
        const endpoints = there.map((name, i) => endpoint(name, 1 + (i % 2)))
        const shares = [
          { revision: 1, weight: 2 },
          { revision: 2, weight: 1 },
        ]
        const tried = new Set<PlacementId>()
        for (let i = 0; i < tries; i += 1) {
          const chosen = choose(balance, { endpoints, shares, tried, at })
          expect(chosen === null).toBe(tried.size === there.length)
          if (chosen === null) break
          expect(tried.has(chosen.placement)).toBe(false)
          tried.add(chosen.placement)
          open.push(chosen.placement)
        }
        for (const reached of answers) {
          const one = open.shift()
          if (one !== undefined) settled(balance, one, reached, at)
        }
        forgetOthers(balance, endpoints)
        for (const name of ['a', 'b', 'c', 'd'] as PlacementId[])
          expect(openAt(balance, name)).toBe(open.filter((one) => one === name).length)
      }
    }),
  )
})
