import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expired } from '../../../src/core/backup/retention.ts'
import { day, hour } from '../../../src/model/time.ts'

const none = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
/** Named after their moments. */
const at = (...moments: readonly string[]) =>
  moments.map((moment) => ({ id: moment, createdAt: Date.parse(`${moment}Z`) }))

test('the newest of each period is kept, however many there are in it', () => {
  const all = at('2026-03-01T01:00', '2026-03-01T09:00', '2026-03-02T01:00', '2026-03-02T09:00', '2026-03-05T01:00')
  expect(expired(all, { ...none, daily: 2 })).toEqual(['2026-03-01T01:00', '2026-03-01T09:00', '2026-03-02T01:00'])
  expect(expired(all, { ...none, last: 2 })).toEqual(['2026-03-01T01:00', '2026-03-01T09:00', '2026-03-02T01:00'])
  expect(expired(all, { ...none, daily: 1, last: 4 })).toEqual(['2026-03-01T01:00'])
})

test('weeks begin on Monday, and months with their first day', () => {
  const all = at('2026-11-29T23:00', '2026-11-30T01:00', '2026-12-01T01:00', '2026-12-31T01:00')
  expect(expired(all, { ...none, weekly: 3 })).toEqual(['2026-11-30T01:00'])
  expect(expired(all, { ...none, monthly: 2 })).toEqual(['2026-11-29T23:00', '2026-12-01T01:00'])
})

const backups = fc
  .uniqueArray(fc.nat(400 * 24), { maxLength: 60 })
  .map((hours) => hours.map((h) => ({ id: String(h), createdAt: h * hour + 1 })))
const count = fc.nat(5)
const keeps = fc.record({ last: count, hourly: count, daily: count, weekly: count, monthly: count })

test('the newest always stays, one after the other comes to the same, and no more stay than were asked for', () => {
  fc.assert(
    fc.property(backups, keeps, (all, keep) => {
      const gone = new Set(expired(all, keep))
      const kept = all.filter(({ id }) => !gone.has(id))
      const newest = Math.max(...all.map(({ createdAt }) => createdAt))
      if (all.length > 0) expect(kept.some(({ createdAt }) => createdAt === newest)).toBe(true)
      expect(expired(kept, keep)).toEqual([])
      const asked = keep.last + keep.hourly + keep.daily + keep.weekly + keep.monthly
      expect(kept.length).toBeLessThanOrEqual(Math.max(1, asked))
      const days = new Set(kept.map(({ createdAt }) => Math.floor(createdAt / day)))
      expect(days.size).toBeGreaterThanOrEqual(
        Math.min(keep.daily, new Set(all.map(({ createdAt }) => Math.floor(createdAt / day))).size),
      )
    }),
  )
})
