import { expect, test } from 'vitest'
import { playSchedule } from '../support/schedule-run.ts'
import { figure } from '../support/figure.ts'

test('given a schedule of every second, when 20 leaders die in the middle of it, then each of 1,000 moments is done exactly once', async () => {
  const { done, from, last, fired, missed, term } = await playSchedule({ moments: 1_000, kills: 20, without: 4_000 })
  figure('schedule', { moments: done.length, ofThemOnce: new Set(done).size, fired, missed, terms: term })
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

test.each([1, 3])(
  'given leaders whose clocks are hours off, ahead and behind, when they die one after the other, then each moment is done exactly once (%i)',
  async (hours) => {
    const hour = 3_600_000
    const skews = [0, hours * hour, -hours * hour, 90_000, -90_000]
    const { done, from, last, fired, missed } = await playSchedule({
      ...{ moments: 120, kills: 12, without: 4_000, minutes: true, skews },
    })
    const first = (Math.floor(from / 60_000) + 1) * 60_000
    const wanted = Array.from({ length: Math.floor((last - first) / 60_000) + 1 }, (_, i) => first + 60_000 * i)
    expect(done.toSorted((a, b) => a - b)).toEqual(wanted)
    expect([fired, missed]).toEqual([done.length, 0])
  },
  120_000,
)
