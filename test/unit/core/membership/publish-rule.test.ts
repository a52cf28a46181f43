import { expect, test } from 'vitest'
import {
  heartbeatOf,
  publishAt,
  publishDefaults as settings,
  weightOf,
} from '../../../../src/core/membership/publish-rule.ts'
import type { ReportContent } from '../../../../src/model/report.ts'
import { sampleContent } from '../../../support/member-mesh.ts'

const before = sampleContent('ada')
const [gpu] = before.gpus
const withGpu = (change: Partial<ReportContent['gpus'][number]>): ReportContent => ({
  ...before,
  gpus: before.gpus.map((each, at) => (at === 0 ? { ...each, ...change } : each)),
})
const last = { content: before, at: 1_000 }

test.each([
  ['nothing', before, 'none'],
  ['a device given out', { ...before, busy: [gpu?.uuid ?? ''] }, 'urgent'],
  ['a failed device', withGpu({ health: 'failed' }), 'urgent'],
  ['a device too hot', withGpu({ throttle: ['thermal'] }), 'urgent'],
  ['a device gone', { ...before, gpus: before.gpus.slice(1) }, 'urgent'],
  ['that it is outdated', { ...before, isOutdated: true }, 'urgent'],
  ['a problem', { ...before, problems: ['the engine does not answer'] }, 'urgent'],
  ['a busy device', withGpu({ utilization: 80 }), 'notable'],
  ['full memory', withGpu({ memoryUsedMib: 70_000 }), 'notable'],
  ['a figure that is no longer known', withGpu({ temperatureC: null }), 'notable'],
  ['a busy host', { ...before, host: { ...before.host, cpuUtilization: 90 } }, 'notable'],
  ['a little warmth', withGpu({ temperatureC: 42 }), 'none'],
  ['another order of what is given out', { ...before, busy: [] }, 'none'],
] as const)(
  'given a report, when the next one would tell of %s, then it weighs as it should',
  (_what, after, weight) => {
    expect(weightOf(before, after)).toBe(weight)
  },
)

test('given nothing was said yet, when there is something to say, then it is due at once', () => {
  expect(publishAt(null, before, 3, settings)).toBe(0)
})

test('given a small mesh, when things change, then the rate is limited by how much they matter', () => {
  expect(publishAt(last, before, 10, settings)).toBe(11_000)
  expect(publishAt(last, withGpu({ utilization: 80 }), 10, settings)).toBe(6_000)
  expect(publishAt(last, { ...before, busy: ['x'] }, 10, settings)).toBe(1_500)
})

test('given a very large mesh, when nodes report, then all together stay within the rate of the mesh', () => {
  expect(heartbeatOf(1_000, settings)).toBe(10_000)
  expect(heartbeatOf(5_000, settings)).toBe(50_000)
  expect(publishAt(last, before, 5_000, settings)).toBe(51_000)
})
