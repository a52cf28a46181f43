import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { traceOf } from '../../../src/sim/arrivals.ts'
import { lastMoment, planOf } from '../../../src/sim/plan.ts'
import { randomOf, scenario } from './samples.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const kinds = fc.constantFrom('poisson', 'uniform', 'burst')
const crash = { kind: 'crash', at: ['5s', '20s'] }

describe('given a seed', () => {
  test('when a plan is made twice, then both are the same, and another seed makes another', () => {
    const busy = scenario({ work: { gpus: [1, 2, 4] }, faults: [crash, { kind: 'partition', at: '9s', for: '5s' }] })
    fc.assert(
      fc.property(seeds, (seed) => {
        const plan = planOf(busy, null, randomOf(seed))
        expect(planOf(busy, null, randomOf(seed))).toEqual(plan)
        expect(planOf(busy, null, randomOf(seed + 1))).not.toEqual(plan)
      }),
    )
  })

  test('when one more fault is added, then the work arrives as before', () => {
    const work = { count: 20 }
    const quiet = planOf(scenario({ work }), null, randomOf(3))
    const stormy = planOf(scenario({ work, faults: [crash, crash] }), null, randomOf(3))
    expect(stormy.arrivals).toEqual(quiet.arrivals)
    expect(stormy.faults).toHaveLength(2)
  })
})

test('given any distribution, when work is drawn, then all of it is in order, in time and in bounds', () => {
  fc.assert(
    fc.property(seeds, kinds, fc.integer({ min: 1, max: 300 }), (seed, arrivals, count) => {
      const work = { arrivals, count, over: '60s', gpus: [1, 8], duration: { mean: '4s', min: '1s', max: '9s' } }
      const plan = planOf(scenario({ work }), null, randomOf(seed))
      expect(plan.arrivals).toHaveLength(count)
      expect(new Set(plan.arrivals.map(({ name }) => name)).size).toBe(count)
      const times = plan.arrivals.map(({ at }) => at)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      for (const { at, gpus, duration } of plan.arrivals) {
        expect(at >= 0 && at <= 60_500).toBe(true)
        expect([1, 8]).toContain(gpus)
        expect(duration >= 1_000 && duration <= 9_000).toBe(true)
      }
      expect(lastMoment(plan)).toBe(times.at(-1))
    }),
  )
})

test('given a share of failing work, when it is drawn, then about that many end with 1', () => {
  const { arrivals } = planOf(scenario({ work: { count: 1_000, failing: 0.2 } }), null, randomOf(1))
  const failing = arrivals.filter(({ exitCode }) => exitCode === 1).length
  expect(failing).toBeGreaterThan(150)
  expect(failing).toBeLessThan(250)
})

test('given faults, when they are planned, then who is hit is known, but for the leader', () => {
  const faults = [
    { kind: 'join', at: '30s', count: 2 },
    { kind: 'crash', at: '3s', target: 'leader', restartAfter: '4s' },
    { kind: 'partition', at: '1s', for: '2s', cutOff: 0.4 },
    { kind: 'slow', at: '2s', for: '1s', latency: '50ms', who: ['peer-2', 'random'] },
    { kind: 'leave', at: '9s', target: 'peer-5' },
  ]
  const plan = planOf(scenario({ faults, work: { over: '1s' } }), null, randomOf(5))
  expect(plan.faults.map(({ kind }) => kind)).toEqual(['partition', 'slow', 'crash', 'leave', 'join'])
  const [partition, slow, crashed, left, joined] = plan.faults
  expect(partition).toMatchObject({ span: 2_000, peers: [expect.stringMatching(/^peer-/), expect.anything()] })
  expect(slow).toMatchObject({ latency: 50, peers: expect.arrayContaining(['peer-2']) })
  expect(crashed).toMatchObject({ target: 'leader', restartAfter: 4_000 })
  expect(left).toMatchObject({ target: 'peer-5' })
  expect(joined).toMatchObject({ peers: ['peer-6', 'peer-7'] })
  expect(lastMoment(plan)).toBe(30_000)
})

describe('given a trace', () => {
  const rows = [
    { at: 500, gpus: 2, duration: 3_000, priority: 500, exitCode: 0 },
    { at: 2_000, gpus: 1, duration: 90_000, priority: 900, exitCode: 1 },
  ]

  test.each([
    ['CSV', 'time,gpus,duration,priority,exit_code,user\n2,1,1m30s,900,1,ann\n0.5, 2 ,3,,,bob\n'],
    ['JSONL', '{"time":2,"duration":"1m30s","priority":900,"exit_code":1}\n\n{"time":"500ms","gpus":2,"duration":3}\n'],
  ])('when it is %s, then its work arrives in order of time', (_, text) => {
    const work = traceOf('t', text, 'replace')
    expect(work).toMatchObject(rows)
    expect(planOf(scenario(), work, randomOf(1)).arrivals).toBe(work)
  })

  test.each([
    ['empty', '', /no workloads/],
    ['without a duration', 'time,gpus\n1,1', /line 2: duration/],
    ['with words for numbers', 'time,duration,gpus\n1,1,many', /line 2: gpus/],
    ['broken', '{"time":1,"duration":1}\n{"time":', /line 2/],
  ])('when it is %s, then the failure names the line', (_, text, problem) => {
    expect(() => traceOf('t', text, 'replace')).toThrow(problem)
  })
})
