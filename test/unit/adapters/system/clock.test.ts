import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pacedClock, systemClock } from '../../../../src/adapters/system/clock.ts'
import { systemRandom } from '../../../../src/adapters/system/random.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('something runs after its wait, not before, and once', () => {
  const run = vi.fn()
  systemClock.after(1_000, run)
  vi.advanceTimersByTime(999)
  expect(run).not.toHaveBeenCalled()
  vi.advanceTimersByTime(100_000)
  expect(run).toHaveBeenCalledOnce()
})

test('what was cancelled does not run', () => {
  const run = vi.fn()
  systemClock.after(1_000, run)()
  vi.advanceTimersByTime(2_000)
  expect(run).not.toHaveBeenCalled()
})

test('a wait of a year is a year, beyond what one timer can count', () => {
  const year = 365 * 86_400_000
  const run = vi.fn()
  systemClock.after(year, run)
  vi.advanceTimersByTime(year - 1)
  expect(run).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(run).toHaveBeenCalledOnce()
})

test('chance is within its bounds', () => {
  const next = systemRandom.next()
  expect(next >= 0 && next < 1).toBe(true)
  expect(systemRandom.bytes(16)).toHaveLength(16)
})

test('a paced clock counts, and waits, in its own time', () => {
  const from = Date.now()
  const clock = pacedClock({ from, speed: 0.25 })
  const run = vi.fn()
  clock.after(1_000, run)
  const before = clock.elapsed()
  vi.advanceTimersByTime(3_999)
  expect(run).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(run).toHaveBeenCalledOnce()
  expect(clock.now()).toBe(from + 1_000)
  expect(clock.elapsed() - before).toBeCloseTo(1_000, 0)
})
