import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Finding,
  findingFrom,
  findingKinds,
  findingText,
  markedDown,
  marksAgainst,
  verificationOf,
} from '../../../../../src/core/molt/market/findings.ts'
import { unknown } from '../../../../../src/core/molt/market/reputation.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { isAsSure } from '../../../../../src/model/molt-hardware.ts'
import { day } from '../../../../../src/model/time.ts'

const now = 1_000 * day
const found = (...kinds: readonly (readonly [Finding['kind'], number])[]): readonly Finding[] =>
  kinds.map(([kind, daysAgo], i) => ({
    ...{ provider: nodeId('p'), kind, at: now - daysAgo * day, job: `mj-${i}`, about: 'x' },
  }))

describe('how sure a buyer is', () => {
  test.each([
    ['of whom nothing was found', found(), 'self-reported'],
    ['who has answered a challenge', found(['probed', 1]), 'probed'],
    ['whose work was run again', found(['probed', 1], ['re-executed', 1]), 're-executed'],
    ['whose work was run again before', found(['re-executed', 20], ['probed', 1]), 're-executed'],
    ['who has not been asked for a week', found(['probed', 8]), 'self-reported'],
    ['whose work was run again long ago', found(['re-executed', 31], ['probed', 2]), 'probed'],
    ['who was wrong since', found(['re-executed', 3], ['probe-failed', 1]), 'self-reported'],
    ['who was wrong, and right since', found(['differs', 3], ['probed', 1]), 'probed'],
  ] as const)('%s', (_, findings, level) => {
    expect(verificationOf(findings, now)).toBe(level)
  })

  test('is never made less by what was found good, and never more by what was found wrong', () => {
    const some = fc.array(fc.record({ kind: fc.constantFrom(...findingKinds), days: fc.integer({ min: 0, max: 40 }) }))
    fc.assert(
      fc.property(some, fc.constantFrom(...findingKinds), (all, next) => {
        const before = found(...all.toSorted((a, b) => b.days - a.days).map(({ kind, days }) => [kind, days] as const))
        const after = [...before, ...found([next, 0])]
        const [was, is] = [verificationOf(before, now), verificationOf(after, now)]
        const isGood = next === 'probed' || next === 're-executed'
        expect(isGood ? isAsSure(is, was) : is === 'self-reported').toBe(true)
        expect(marksAgainst(after, now) >= marksAgainst(before, now)).toBe(true)
      }),
    )
  })
})

test('what was found wrong counts against a good name, and against none at all', () => {
  const against = marksAgainst(found(['differs', 1]), now)
  expect(against).toBe(500n)
  expect(markedDown({ score: 90, isClosedOut: false }, against).score).toBe(60)
  expect(markedDown(unknown, against).score).toBe(0)
  expect(markedDown(unknown, 0n).score).toBeNull()
  const often = found(...Array.from({ length: 9 }, () => ['probe-failed', 1] as const))
  expect(marksAgainst(often, now)).toBe(2_000n)
})

test('a finding can be read again, and nothing else is one', () => {
  const [one] = found(['probed', 1])
  if (one === undefined) throw new Error('there is none')
  expect(findingFrom(findingText(one))).toEqual(one)
  expect(() => findingFrom('{}')).toThrow()
})
