import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pageOf } from '../../../src/sim/page.ts'
import { planOf } from '../../../src/sim/plan.ts'
import { isComplete, reportOf, type SimReport } from '../../../src/sim/report.ts'
import { binsOf, niceStep, quantiles } from '../../../src/sim/statistics.ts'
import { textOf } from '../../../src/sim/text.ts'
import type { Observed } from '../../../src/sim/observed.ts'
import { observed, randomOf, scenario } from './samples.ts'

const report = (more: Partial<Observed> = {}): SimReport => {
  const asked = scenario({ about: 'a <test>', work: { count: 3 } })
  return reportOf(asked, planOf(asked, null, randomOf(1)), 1, observed(more))
}

describe('given what was seen, when a report is made', () => {
  test('then it counts what the mesh said', () => {
    const { workloads, waits, utilisation, queue, spread, losses } = report()
    expect(workloads).toMatchObject({ planned: 3, accepted: 3, unfinished: 0, placedAgain: 1 })
    expect(workloads.byState).toEqual({ completed: 2, failed: 1 })
    expect(workloads.setbacks).toEqual({ 'its node is offline': 1, 'preempted by a job of priority 800': 1 })
    expect(workloads.errors).toEqual({ NONZERO_EXIT: 1 })
    expect(waits).toMatchObject({ count: 3, p50: 300, max: 900, neverStarted: 0 })
    expect(utilisation).toEqual({ mean: 37.5, peak: 75 })
    expect(queue).toEqual({ mean: 1.5, peak: 3 })
    expect(spread).toMatchObject({
      trials: 2,
      missing: 1,
      onePeer: { count: 5, max: 50 },
      allPeers: { count: 1, max: 40 },
    })
    expect(losses).toMatchObject([{ peer: 'peer-1', known: { max: 3_500 } }])
  })

  test('then the curve of the spread ends at the share that had it', () => {
    const curve = report().spreadCurve
    expect(curve.at(-1)).toEqual({ ms: 50, share: 5 / 6 })
  })

  test('then it is complete only when all that was planned has ended', () => {
    expect(isComplete(report())).toBe(true)
    expect(isComplete(report({ accepted: 2 }))).toBe(false)
    expect(isComplete(report({ interrupted: true }))).toBe(false)
    const { workloads } = observed()
    expect(isComplete(report({ workloads: workloads.map((each) => ({ ...each, state: 'running' })) }))).toBe(false)
  })
})

describe('given a report, when it becomes a page', () => {
  const plots = (page: string): readonly (string | undefined)[] =>
    [...page.matchAll(/data-plot="([^"]*)"/g)].map(([, name]) => name)

  test('then it has all plots, and nothing that a network or a script would be needed for', () => {
    const page = pageOf(report())
    expect(plots(page)).toEqual([
      'GPU utilisation over time',
      'Queue length over time',
      'Waiting times',
      'Gossip spread',
      'Leaders over time',
    ])
    expect(page).not.toMatch(/<script|<link|src=|url\(|@import|https?:/)
    expect(page).not.toContain('NaN')
  })

  test('then what others wrote cannot become markup', () => {
    const page = pageOf(report())
    expect(page).toContain('peer-9 &#38; &#60;others&#62; crashed together')
    expect(page).not.toContain('<others>')
  })

  test('then nothing seen is no trouble', () => {
    const nothing = { samples: [], workloads: [], leaders: [], failovers: [], faults: [], spreads: [], losses: [] }
    const page = pageOf(report({ ...nothing, accepted: 0, lasted: 0 }))
    expect(plots(page)).toContain('GPU utilisation over time')
    expect(page).not.toMatch(/NaN|Infinity/)
  })
})

test('given a report, when it becomes text, then the failover and the crash are told', () => {
  const text = textOf(report()).join('\n')
  expect(text).toContain('3 of 3 (completed 2, failed 1)')
  expect(text).toContain('crash of the leader: peer-2 leads after 200 ms, writes are taken after 240 ms')
  expect(text).toContain('peer-1 is gone: 2 peers saw it, the last after 3.5 s')
  expect(text).toContain('All work ended.')
})

test('given any numbers, when they are summed up, then every one is in a bin and no quantile is beyond the next', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e6 })), (values) => {
      expect(binsOf(values).reduce((sum, { count }) => sum + count, 0)).toBe(values.length)
      const { p50, p90, p99, max } = quantiles(values)
      expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].toSorted((a, b) => a - b))
      expect(max).toBe(Math.max(0, ...values))
    }),
  )
})

test('given any step, when it is made nice, then it is not below and less than ten times as large', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (least) => {
      const step = niceStep(least)
      expect(step).toBeGreaterThanOrEqual(least * 0.999)
      expect(step).toBeLessThan(least * 10)
    }),
  )
})
