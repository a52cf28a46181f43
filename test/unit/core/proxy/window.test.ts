import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merged, quantile, Window } from '../../../../src/core/proxy/window.ts'

test('what is older than asked for does not count, and nothing older than an hour is kept', () => {
  const window = new Window()
  window.count(1, true, 10, 5_000)
  window.count(1, false, 10, 65_000)
  window.count(2, false, 10, 70_000)
  const tally = (span: number, at: number) =>
    window.over(span, at).map(({ revision, requests, failed }) => [revision, requests, failed])
  expect(tally(120_000, 70_000)).toEqual([[1, 2, 1], [2, 1, 0]]) // prettier-ignore
  expect(tally(20_000, 70_000)).toEqual([[1, 1, 0], [2, 1, 0]]) // prettier-ignore
  window.count(1, false, 10, 3_700_000)
  expect(tally(3_600_000, 3_700_000)).toEqual([[1, 1, 0]])
})

test('given latencies at several peers, the quantile of all together is right to a quarter', () => {
  const latencies = fc.array(fc.double({ min: 0.1, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 4 }), fc.constantFrom(0.5, 0.9, 0.99), (peers, part) => {
      const tallies = peers.flatMap((all) => {
        const window = new Window()
        for (const latency of all) window.count(1, false, latency, 0)
        return window.over(10_000, 0)
      })
      const [tally] = merged(tallies)
      const sorted = peers.flat().toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil(sorted.length * part) - 1] ?? 0
      const found = tally === undefined ? null : quantile(tally, part)
      expect(tally?.requests).toBe(sorted.length)
      expect(found).toBeGreaterThanOrEqual(Math.floor(exact))
      expect(found).toBeLessThanOrEqual(Math.ceil(Math.max(1, exact) * 1.25) + 1)
    }),
  )
})

test('who was not answered has no latency', () => {
  const window = new Window()
  window.count(1, true, null, 0)
  const [tally] = window.over(10_000, 0)
  expect(tally).toMatchObject({ requests: 1, failed: 1 })
  expect(quantile(tally ?? { latencies: [] }, 0.99)).toBeNull()
})
