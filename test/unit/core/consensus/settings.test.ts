import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jitter } from '../../../../src/core/consensus/jitter.ts'
import { lan, wan, widened } from '../../../../src/core/consensus/settings.ts'

test('small delays of the own timers change nothing', () => {
  expect(widened(lan, 0)).toBe(lan)
  expect(widened(lan, 100)).toBe(lan)
  expect(widened(wan, 500)).toBe(wan)
})

test('elections wait for several heartbeats, however late these come, up to a limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000 }), (lateness) => {
      const { electionMin, electionMax } = widened(lan, lateness)
      expect(electionMin).toBeGreaterThanOrEqual(Math.min(4 * (lan.heartbeat + lateness), 8 * lan.electionMin) - 1)
      expect(electionMax / electionMin).toBeCloseTo(2)
    }),
  )
})

test('the same parts draw the same number, and others another', () => {
  expect(jitter('a', 1)).toBe(jitter('a', 1))
  const draws = Array.from({ length: 1_000 }, (_, term) => jitter('peer', term))
  expect(new Set(draws).size).toBeGreaterThan(990)
  expect(Math.min(...draws)).toBeLessThan(0.02)
  expect(Math.max(...draws)).toBeGreaterThan(0.98)
  expect(Math.max(...draws)).toBeLessThan(1)
})
