/** The order of records under one key is total, and all nodes find the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareStandings, type Standing } from '../../../../src/core/records/selector.ts'

const standing: fc.Arbitrary<Standing> = fc.record({
  rank: fc.array(fc.bigInt({ min: 0n, max: 2n }), { maxLength: 2 }),
  sequence: fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 2n ** 53n - 1n, max: 2n ** 53n + 2n })),
  endOfLife: fc.nat(3),
  hash: fc.constantFrom('a', 'b', 'c'),
})
const sign = (number: number): number => Math.sign(number)

test('either counts, or the other, and never both; and what beats what beats a third beats the third', () => {
  fc.assert(
    fc.property(standing, standing, standing, (a, b, c) => {
      expect(sign(compareStandings(a, b))).toBe(-sign(compareStandings(b, a)) + 0)
      expect(compareStandings(a, a)).toBe(0)
      if (compareStandings(a, b) >= 0 && compareStandings(b, c) >= 0)
        expect(compareStandings(a, c)).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('in whichever order records come, the same one is left', () => {
  fc.assert(
    fc.property(
      fc
        .array(standing, { minLength: 1, maxLength: 8 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const best = (list: readonly Standing[]) =>
          list.reduce((one, other) => (compareStandings(other, one) > 0 ? other : one))
        expect(compareStandings(best(all), best(shuffled))).toBe(0)
      },
    ),
  )
})

test('first what its kind looks at, then the number, then the life, then the hash', () => {
  const low: Standing = { rank: [0n], sequence: 9n, endOfLife: 9, hash: 'z' }
  const order: Standing[] = [
    low,
    { rank: [1n], sequence: 1n, endOfLife: 1, hash: 'a' },
    { rank: [1n], sequence: 1n, endOfLife: 1, hash: 'b' },
    { rank: [1n], sequence: 1n, endOfLife: 2, hash: 'a' },
    { rank: [1n], sequence: 2n, endOfLife: 1, hash: 'a' },
  ]
  expect(order.toReversed().toSorted(compareStandings)).toEqual(order)
})
