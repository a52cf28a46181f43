import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareBuilds,
  covers,
  firstVersion,
  overlap,
  rangeOfNumbers,
  rangeText,
  readRange,
} from '../../../src/model/version.ts'

const range = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.nat(3))
  .map(([oldest, more]) => ({ oldest, newest: oldest + more }))

test('what a build applies comes back as it was written', () => {
  fc.assert(
    fc.property(range, (some) => {
      expect(readRange(rangeText(some))).toEqual(some)
    }),
  )
})

test.each([undefined, '', '2', '2..1', '0..1', 'a..b', '1..2..3', ' 1..2'])(
  'a build that says %j is taken for one of the first version',
  (text) => {
    expect(readRange(text)).toEqual(firstVersion)
  },
)

test('zeros, which a build of before versions sends, are the first version', () => {
  expect(rangeOfNumbers(0, 0)).toEqual(firstVersion)
  expect(rangeOfNumbers(2, 3)).toEqual({ oldest: 2, newest: 3 })
})

test.each([
  ['the same', { oldest: 1, newest: 2 }, { oldest: 1, newest: 2 }, true],
  ['one version apart', { oldest: 1, newest: 2 }, { oldest: 2, newest: 3 }, true],
  ['N and N-1', { oldest: 1, newest: 1 }, { oldest: 1, newest: 2 }, true],
  ['two versions apart', { oldest: 1, newest: 2 }, { oldest: 3, newest: 4 }, false],
])('of builds that are %s, it is settled whether they talk', (_, a, b, talk) => {
  expect([overlap(a, b), overlap(b, a)]).toEqual([talk, talk])
})

test('two builds talk exactly when there is a version that both apply', () => {
  fc.assert(
    fc.property(range, range, (a, b) => {
      const common = Array.from({ length: 20 }, (_, version) => version).some((v) => covers(a, v) && covers(b, v))
      expect(overlap(a, b)).toBe(common)
    }),
  )
})

test.each([
  ['0.1.0', '0.1.0', 0],
  ['0.1.0', '0.2.0', -1],
  ['0.10.0', '0.9.9', 1],
  ['1.0', '1.0.1', -1],
  ['1.0.0-rc.1', '1.0.0', -1],
  ['1.0.0-rc.1', '0.9.9', 1],
  ['1.0.0-rc.1', '1.0.0-rc.2', 0],
  ['9'.repeat(400), '9'.repeat(400), 0],
  ['what is this', '0.0.1', -1],
])('%s against %s', (a, b, order) => {
  expect(Math.sign(compareBuilds(a, b))).toBe(order)
})
