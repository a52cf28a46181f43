import { describe, expect, test } from 'vitest'
import { resultIn, runEnvironment } from '../../../../src/core/agent/run.ts'
import { blockOf } from '../../../../src/lib/log-block.ts'
import type { LogLine } from '../../../../src/lib/log-block.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { jobId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { readResult } from '../../../../src/services/agent/result.ts'

const placement = placementId(workloadId('wl-a'), 2)
const { signal } = new AbortController()

describe('given a run of a job', () => {
  test('then it is told its number in the words of arrays and of Kubernetes, its item, and how to hand on a result', () => {
    const run = { job: jobId('job-a'), index: 3, count: 5, item: 'lr=0.1' }
    expect(runEnvironment({ run, placement: { id: placement } as never })).toEqual({
      ...{ JOB_COMPLETION_INDEX: '3', CLAW_INDEX: '3', CLAW_COUNT: '5', CLAW_JOB: 'job-a', CLAW_ITEM: 'lr=0.1' },
      CLAW_RESULT: 'claw-result:wl-a.2:',
    })
    expect(runEnvironment({ placement: null })).toEqual({})
  })

  test.each([
    [['hello', 'claw-result:wl-a.2: 42'], '42'],
    [['claw-result:wl-a.2: 1', 'claw-result:wl-a.2: 2', 'bye'], '2'],
    [['claw-result:wl-a.2:'], ''],
    [['claw-result:wl-a.1: of another attempt', ' claw-result:wl-a.2: not at the beginning'], null],
    [[`claw-result:wl-a.2: ${'x'.repeat(4_097)}`], null],
    [['claw-result:wl-a.2: a\0b'], 'ab'],
  ])('when it prints %j, then its result is %j', (lines, wanted) => {
    expect(resultIn(lines, placement)).toBe(wanted)
  })

  test('when it writes it to standard error, or its output is gone, then there is none', async () => {
    const line = (stream: LogLine['stream']): LogLine => ({ position: 1, at: 1, stream, text: 'claw-result:wl-a.2: 7' })
    async function* logs(stream: LogLine['stream']) {
      await Promise.resolve()
      yield blockOf([line(stream)])
    }
    expect(await readResult({ logs: () => logs('stdout') }, placement, signal)).toBe('7')
    expect(await readResult({ logs: () => logs('stderr') }, placement, signal)).toBe(null)
    const gone = (): never => {
      throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'wl-a' })
    }
    expect(await readResult({ logs: gone }, placement, signal)).toBe(null)
  })
})
