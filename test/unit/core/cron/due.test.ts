import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cronerSchedules } from '../../../../src/adapters/croner/schedules.ts'
import type { Next } from '../../../../src/core/cron/due.ts'
import { dueNow } from '../../../../src/core/cron/due.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Cron, CronSettings } from '../../../../src/model/cron.ts'
import { missedPolicies } from '../../../../src/model/cron.ts'
import { cronId, jobId } from '../../../../src/model/ids.ts'
import { minute } from '../../../../src/model/time.ts'
import { meshOf, ada, refusal, spec } from '../../../support/control-samples.ts'
import { jobSettings } from '../../../support/job-lab.ts'

const nightly = cronId('cron-nightly')
const every = (span: number) => (_: unknown, after: number) => (Math.floor(after / span) + 1) * span

const settingsWith = (parts: Partial<CronSettings> = {}): CronSettings => ({
  ...{ schedule: '* * * * *', timeZone: 'UTC', concurrency: 'allow', missed: 'skip' },
  ...{ startingDeadlineMs: minute, keepCompleted: 100, keepFailed: 100, ...parts },
})

function cronWith(parts: Partial<Cron> = {}): Cron {
  const book = meshOf([ada])
  const settings = settingsWith()
  const job = jobSettings({ completions: 1 })
  book.run({ type: 'create-cron', cron: nightly, name: 'nightly', spec: spec(), settings, job })
  const cron = book.state.crons.get(nightly)
  if (cron === undefined) throw new Error('there is no schedule')
  return { ...cron, last: 0, ...parts }
}

describe('given a moment every ten seconds, and a minute in which a job can be started', () => {
  const now = 100_000
  test('when nobody led for longer, then what is late is passed over together, and the rest is done', () => {
    const due = dueNow(cronWith(), now, every(10_000))
    expect(due[0]).toEqual({ at: 30_000, isRun: false, missed: 3 })
    expect(due.slice(1).map(({ at }) => at)).toEqual([40_000, 50_000, 60_000, 70_000, 80_000, 90_000, 100_000])
  })

  test('when missed moments are to be done once, then the last of them is done for all', () => {
    expect(dueNow(cronWith({ missed: 'run-once' }), now, every(10_000))[0]).toEqual({
      at: 30_000,
      isRun: true,
      missed: 2,
    })
  })

  test('when all are to be done, then all are', () => {
    const due = dueNow(cronWith({ missed: 'run-all' }), now, every(10_000))
    expect(due.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => i * 10_000))
  })

  test('when it is suspended, then nothing is due', () => {
    expect(dueNow(cronWith({ suspended: true }), now, every(10_000))).toEqual([])
  })
})

test('whatever leaders do and however often they repeat themselves, moments rise, and none is dealt with twice', () => {
  const plan = fc.record({
    missed: fc.constantFrom(...missedPolicies),
    steps: fc.array(fc.record({ wait: fc.nat(200_000), late: fc.boolean(), part: fc.nat(5) }), { maxLength: 30 }),
  })
  fc.assert(
    fc.property(plan, ({ missed, steps }) => {
      const book = meshOf([ada])
      const settings = settingsWith({ missed })
      const job = jobSettings({ completions: 1 })
      book.run({ type: 'create-cron', cron: nightly, name: 'nightly', spec: spec(), settings, job }, { at: 1 })
      let at = 1_000
      let made = 0
      const dealtWith: number[] = []
      for (const { wait, late, part } of steps) {
        at += wait
        const cron = book.state.crons.get(nightly)
        if (cron === undefined) throw new Error('there is no schedule')
        // A leader that is replaced gets part of it done; its successor looks at the same.
        const due = dueNow(cron, at, every(10_000))
        for (const { at: moment, isRun, missed: count } of late ? due.slice(0, part) : [...due, ...due]) {
          made += 1
          const command = {
            ...{ type: 'fire-cron' as const, cron: nightly, at: moment, missed: count },
            ...(isRun && { job: jobId(`job-${made}`) }),
          }
          if (refusal(book.run(command, { at })) === null) dealtWith.push(moment)
        }
      }
      expect(dealtWith).toEqual([...new Set(dealtWith)].toSorted((a, b) => a - b))
      const cron = book.state.crons.get(nightly)
      expect((cron?.fired ?? 0) + (cron?.missedCount ?? 0)).toBe(Math.floor((cron?.last ?? 0) / 10_000))
      expect(book.state.jobs.size).toBe(cron?.fired)
    }),
    { numRuns: 100 },
  )
})

test('however often it is changed when it comes, each moment of what held at the time is dealt with once, and no other', () => {
  const spans: Readonly<Record<string, number>> = { '* * * * *': 10_000, '*/2 * * * *': 7_000, '*/3 * * * *': 60_000 }
  const next: Next = ({ schedule }, after) => every(spans[schedule] ?? 1)(schedule, after)
  const act = fc.record({
    wait: fc.nat(90_000),
    change: fc.option(fc.constantFrom(...Object.keys(spans)), { freq: 2 }),
    part: fc.option(fc.nat(4), { freq: 3 }),
    restart: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.constantFrom(...missedPolicies), fc.array(act, { maxLength: 30 }), (missed, acts) => {
      const book = meshOf([ada])
      let at = 10_000
      const job = jobSettings({ completions: 1 })
      const parts = { cron: nightly, spec: spec(), job }
      book.run({ type: 'create-cron', name: 'nightly', ...parts, settings: settingsWith({ missed }) }, { at })
      let from = at
      const cron = () => book.state.crons.get(nightly) ?? cronWith()
      const wanted: number[] = []
      let made = 0
      const fire = (part: number | null): void => {
        for (const { at: moment, isRun, missed: count } of dueNow(cron(), at, next).slice(0, part ?? undefined)) {
          made += 1
          const run = isRun ? { job: jobId(`job-${made}`) } : {}
          book.run({ type: 'fire-cron', cron: nightly, at: moment, missed: count, ...run }, { at })
        }
      }
      const seen = ({ schedule }: Cron): void => {
        const span = spans[schedule] ?? 1
        for (let moment = every(span)('', from); moment <= at; moment += span) wanted.push(moment)
        from = at
      }
      for (const { wait, change, part, restart } of acts) {
        at += wait
        if (change !== null) {
          const edition = cron().edition ?? 0
          const settings = settingsWith({ missed, schedule: change })
          const before = cron()
          if (refusal(book.run({ type: 'update-cron', edition, ...parts, settings }, { at })) === null) seen(before)
        }
        if (part !== 0) fire(part)
        if (restart) expect(snapshot(restore(snapshot(book.state)))).toEqual(snapshot(book.state))
      }
      for (let round = 0; round < 20; round += 1) fire(null)
      seen(cron())
      expect(cron().fired + cron().missedCount).toBe(wanted.length)
      const named = cron().history.flatMap((one) => (one.outcome === 'started' ? [one.at] : []))
      expect(named.filter((moment) => !wanted.includes(moment))).toEqual([])
      expect(named).toEqual([...new Set(named)])
      expect(cron().earlier ?? []).toEqual([])
    }),
    { numRuns: 200 },
  )
})

describe('schedules as croner reads them', () => {
  const at = (text: string): number => Date.parse(text)
  const next = (schedule: string, timeZone: string, after: string): string =>
    new Date(cronerSchedules.next({ schedule, timeZone }, at(after)) ?? 0).toISOString()

  test('a moment is after the one that is given, also when that is one itself, or lies between two seconds', () => {
    expect(next('*/5 * * * * *', 'UTC', '2026-01-01T00:00:05.000Z')).toBe('2026-01-01T00:00:10.000Z')
    expect(next('* * * * * *', 'UTC', '2026-01-01T00:00:05.999Z')).toBe('2026-01-01T00:00:06.000Z')
    expect(next('0 3 * * *', 'UTC', '2026-01-01T03:00:00.000Z')).toBe('2026-01-02T03:00:00.000Z')
  })

  test('when the clocks go forward or back, a moment at night comes once', () => {
    expect(next('30 2 * * *', 'Europe/Zurich', '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
    expect(next('30 2 * * *', 'Europe/Zurich', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
    expect(next('30 2 * * *', 'Europe/Zurich', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z')
  })

  test('what is no schedule, and what is no time zone, is refused in words', () => {
    expect(cronerSchedules.problem({ schedule: '61 * * * *', timeZone: 'UTC' })).toMatch(/minute: 61/)
    expect(cronerSchedules.problem({ schedule: '* * * *', timeZone: 'UTC' })).not.toBe(null)
    expect(cronerSchedules.problem({ schedule: '0 0 30 2 *', timeZone: 'UTC' })).toBe('it never comes')
    expect(cronerSchedules.problem({ schedule: '0 0 29 2 *', timeZone: 'UTC' })).toBe(null)
    expect(cronerSchedules.problem({ schedule: '@daily', timeZone: 'Mars/Olympus' })).not.toBe(null)
    expect(cronerSchedules.problem({ schedule: '@daily', timeZone: 'Europe/Zurich' })).toBe(null)
    expect(cronerSchedules.next({ schedule: '@daily', timeZone: 'Mars/Olympus' }, 0)).toBe(null)
  })
})
