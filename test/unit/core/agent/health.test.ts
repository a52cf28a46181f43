import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Answer, HealthState, Known } from '../../../../src/core/agent/health.ts'
import { answered, asked, beginHealth, schedule } from '../../../../src/core/agent/health.ts'
import { Health } from '../../../../src/model/probe.ts'
import type { ProbeKind } from '../../../../src/model/probe.ts'

const check = { type: 'tcp', port: 80 }
const well: Answer = { verdict: 'well' }
const unwell = (detail = 'connection refused'): Answer => ({ verdict: 'unwell', detail })
const unclear: Answer = { verdict: 'unclear' }

const start = 1_000_000

/** A workload that is asked by a script of answers, each as soon as it is due. */
function play(health: Health, answers: readonly [ProbeKind, Answer][], known: Known = {}) {
  let elapsed = 0
  const moment = () => ({ now: start + elapsed, elapsed })
  let state: HealthState = beginHealth(health, { ...known, startedAt: start }, moment())
  const times: number[] = []
  for (const [kind, answer] of answers) {
    const due = schedule(state).find((one) => one.kind === kind)
    if (due === undefined) throw new Error(`${kind} is not to be asked now`)
    elapsed = Math.max(elapsed, due.at)
    times.push(elapsed)
    const askedAt = elapsed
    state = answered(asked(state, kind), health, { kind, answer, askedAt, at: moment() })
  }
  return { state, times, kinds: schedule(state).map(({ kind }) => kind) }
}

const health = (parts: object): Health => Health.parse(parts)
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)

describe('a readiness probe', () => {
  const readiness = { check, everyMs: 1_000, failures: 3, successes: 2, delayMs: 5_000 }

  test('is first asked after its delay, then at its pace, and makes it ready when it has succeeded in a row', () => {
    const { state, times } = play(health({ readiness }), [
      ['readiness', well],
      ['readiness', unwell()],
      ['readiness', well],
      ['readiness', well],
    ])
    expect(times).toEqual([5_000, 6_000, 7_000, 8_000])
    expect(state.opinion).toEqual({ ready: true, reason: null, since: start + 8_000, fatal: null })
  })

  test('takes it out only after so many failures in a row, and ends nothing', () => {
    const up = many(2, ['readiness', well] as [ProbeKind, Answer])
    const down = (count: number) => many(count, ['readiness', unwell('HTTP 503')] as [ProbeKind, Answer])
    expect(play(health({ readiness }), [...up, ...down(2)]).state.opinion.ready).toBe(true)
    expect(play(health({ readiness }), [...up, ...down(3)]).state.opinion).toMatchObject({
      ...{ ready: false, reason: 'readiness: HTTP 503', fatal: null },
    })
  })
})

describe('a startup probe', () => {
  const given = health({
    startup: { check, everyMs: 500, failures: 4 },
    liveness: { check, everyMs: 1_000 },
    readiness: { check },
  })

  test('keeps the others waiting until it has succeeded, and is never asked again', () => {
    expect(play(given, [['startup', unwell()]]).kinds).toEqual(['startup'])
    const { kinds, state } = play(given, [['startup', unwell()], ['startup', well]]) // prettier-ignore
    expect(kinds).toEqual(['liveness', 'readiness'])
    // The mesh has heard why it was not ready; whether it is has still to be found out.
    expect(state.opinion).toMatchObject({ ready: false, reason: 'startup: connection refused' })
  })

  test('ends it when it has failed for good, and then nothing is asked any more', () => {
    const { state, kinds } = play(given, many(4, ['startup', unwell()] as [ProbeKind, Answer]))
    expect(state.opinion.fatal).toBe('startup: connection refused')
    expect(kinds).toEqual([])
  })
})

test('a liveness probe says nothing of readiness, and ends it after so many failures in a row', () => {
  const given = health({ liveness: { check, failures: 2 } })
  const live = (answer: Answer): [ProbeKind, Answer] => ['liveness', answer]
  expect(play(given, [live(well), live(unwell()), live(well), live(unwell())]).state.opinion).toMatchObject({
    ...{ ready: null, fatal: null },
  })
  expect(play(given, [live(unwell()), live(unwell('HTTP 500'))]).state.opinion.fatal).toBe('liveness: HTTP 500')
})

test('answers that say nothing count for nothing, and are asked for again soon', () => {
  const given = health({ liveness: { check, failures: 2, everyMs: 10_000 } })
  const { state, times } = play(given, [
    ['liveness', unwell()],
    ...many(50, ['liveness', unclear] as [ProbeKind, Answer]),
  ])
  expect(state.opinion.fatal).toBeNull()
  expect((times[3] ?? 0) - (times[2] ?? 0)).toBe(1_000)
})

describe('after a restart of the daemon', () => {
  const given = health({ startup: { check, failures: 1 }, readiness: { check, failures: 2 } })

  test('what was ready stays so until its probe has failed in a row', () => {
    const known = { ready: true, readySince: 500_000 }
    const { state, kinds } = play(given, [['readiness', unwell()]], known)
    expect(state.opinion).toEqual({ ready: true, reason: null, since: 500_000, fatal: null })
    expect(kinds).toEqual(['readiness'])
  })

  test('what had started is not asked for its start again, though it was not ready', () => {
    const known = { ready: false, unreadyReason: 'readiness: HTTP 503', readySince: 500_000 }
    expect(play(given, [], known).kinds).toEqual(['readiness'])
    expect(play(given, [['readiness', unwell('HTTP 503')]], known).state.opinion.since).toBe(500_000)
    expect(play(given, [['readiness', well]], known).state.opinion.ready).toBe(true)
  })
})

test('the same trouble is told once, and another reason at most every minute', () => {
  const given = health({ readiness: { check, everyMs: 1_000 } })
  const reasons = ['HTTP 503', 'HTTP 503', 'HTTP 502', 'HTTP 503']
  const { state } = play(
    given,
    reasons.map((reason) => ['readiness', unwell(reason)]),
  )
  expect(state.opinion).toMatchObject({ reason: 'readiness: HTTP 503', since: start })
  const later = many(60, ['readiness', unwell('HTTP 502')] as [ProbeKind, Answer])
  expect(play(given, [['readiness', unwell('HTTP 503')], ...later]).state.opinion).toMatchObject({
    ...{ reason: 'readiness: HTTP 502', since: start + 60_000 },
  })
})

test('whatever is answered, it is ready exactly when the last row that was long enough was one of successes', () => {
  const answer = fc.constantFrom(well, unwell(), unclear)
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (answers, failures, successes) => {
      const given = health({ readiness: { check, failures, successes } })
      const { state } = play(given, answers.map((one) => ['readiness', one]))
      const counted = answers.filter((one) => one.verdict !== 'unclear').map((one) => one.verdict === 'well')
      let expected: boolean | null = counted.length === 0 ? null : false
      for (const [i] of counted.entries()) {
        const row = (length: number, value: boolean) =>
          i + 1 >= length && counted.slice(i + 1 - length, i + 1).every((one) => one === value)
        if (row(successes, true)) expected = true
        else if (row(failures, false)) expected = false
      }
      expect(state.opinion.ready).toBe(expected)
      expect(state.opinion.fatal).toBeNull()
    }),
  ) // prettier-ignore
})
