import { expect, test } from 'vitest'
import { playSchedule } from '../support/schedule-run.ts'

test('given a schedule of every second, when 20 leaders die in the middle of it, then each of 1,000 moments is done exactly once', async () => {
  const { done, from, last, fired, missed, term } = await playSchedule({ moments: 1_000, kills: 20, without: 4_000 })
  expect(term).toBeGreaterThan(40)
  expect(done.length).toBeGreaterThanOrEqual(1_000)
  const wanted = Array.from(
    { length: Math.floor((last - from) / 1_000) + 1 },
    (_, i) => Math.floor(from / 1_000) * 1_000 + 1_000 * (i + 1),
  )
  expect(done.toSorted((a, b) => a - b)).toEqual(wanted.filter((at) => at <= last))
  expect(fired).toBe(done.length)
  expect(missed).toBe(0)
}, 120_000)
