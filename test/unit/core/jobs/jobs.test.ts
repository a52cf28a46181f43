import { describe, expect, test } from 'vitest'
import { jobsToForget } from '../../../../src/core/jobs/forget.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { ada } from '../../../support/control-samples.ts'
import { JobLab, render } from '../../../support/job-lab.ts'

describe('given a job of three runs, two at a time', () => {
  test('when they succeed, then it completes, and hands on what they have handed on', () => {
    const lab = new JobLab()
    lab.lead()
    expect(lab.live.map(({ run }) => run)).toMatchObject([{ index: 0, count: 3 }, { index: 1 }])
    for (const run of lab.live) lab.end(run, 0, `result ${run.run?.index ?? ''}`)
    lab.lead()
    for (const run of lab.live) lab.end(run, 0)
    lab.lead()
    expect(lab.job).toMatchObject({ state: 'completed', succeeded: 3, failed: 0, done: [[0, 2]] })
    expect(lab.job?.results).toEqual([
      [0, 'result 0'],
      [1, 'result 1'],
    ])
  })

  test('when one fails, then its index is tried again after a pause that doubles', () => {
    const lab = new JobLab({ completions: 1, backoffMs: 10_000 })
    for (const pause of [10_000, 20_000, 40_000]) {
      lab.lead()
      const [run] = lab.live
      if (run === undefined) throw new Error('nothing runs')
      lab.end(run, 1)
      expect(lab.job?.startsAfter).toBe(lab.at + pause)
      lab.at += pause - 1
      lab.lead()
      expect(lab.live).toEqual([])
      lab.at += 1
    }
  })

  test('when more fail than may, then it fails, what runs is stopped, and it says why', () => {
    const lab = new JobLab({ backoffLimit: 1 })
    for (let i = 0; i < 2; i += 1) {
      lab.lead()
      const [run] = lab.live
      if (run !== undefined) lab.end(run, 3)
    }
    lab.lead()
    expect(lab.job).toMatchObject({ state: 'failed', failure: 'BackoffLimitExceeded', failed: 2 })
    expect(lab.job?.reason).toBe('2 runs have failed, and its backoffLimit is 1')
    expect(lab.live).toEqual([])
  })

  test('when its deadline is over, then it has failed', () => {
    const lab = new JobLab({ deadlineMs: 60_000 })
    lab.lead()
    lab.at += 60_000
    lab.lead()
    expect(lab.job).toMatchObject({ state: 'failed', failure: 'DeadlineExceeded' })
  })

  test('when it is suspended and resumed, then what has succeeded stays done and its deadline begins anew', () => {
    const lab = new JobLab({ deadlineMs: 60_000, parallelism: 1 })
    lab.lead()
    for (const run of lab.live) lab.end(run, 0)
    lab.lead()
    expect(lab.run({ type: 'suspend-job', job: render, reason: 'the GPUs are needed' })).toBe(null)
    lab.lead()
    expect(lab.live).toEqual([])
    expect(lab.job).toMatchObject({ state: 'suspended', succeeded: 1, failed: 0 })
    lab.at += 120_000
    lab.lead()
    expect(lab.run({ type: 'resume-job', job: render })).toBe(null)
    lab.lead()
    expect(lab.job?.state).toBe('active')
    expect(lab.live.map(({ run }) => run?.index)).toEqual([1])
  })

  test('when it is stopped, then nothing more is started; when it is deleted, then its runs are gone with it', () => {
    const lab = new JobLab()
    lab.lead()
    lab.run({ type: 'stop-job', job: render })
    lab.lead()
    expect(lab.job).toMatchObject({ state: 'stopped', reason: 'stopped by socket' })
    expect(lab.runs.length).toBe(2)
    lab.run({ type: 'delete-job', job: render })
    expect([lab.job, lab.runs.length, lab.book.state.workloads.size]).toEqual([undefined, 0, 0])
  })

  test('when its time to be kept is over, then it is forgotten, and not before', () => {
    const lab = new JobLab({ completions: 1, ttlMs: 1_000 })
    lab.lead()
    for (const run of lab.live) lab.end(run, 0)
    lab.lead()
    expect(jobsToForget(lab.book.state, lab.at + 999)).toEqual([])
    expect(jobsToForget(lab.book.state, lab.at + 1_000)).toEqual([render])
    lab.run({ type: 'forget-jobs', jobs: [render] })
    expect(lab.job).toBe(undefined)
  })
})

const placement = (id: string) => placementId(workloadId(id), 1)

/** How far the run has come on its node, which is lost then. */
const phases: readonly (readonly [string, (id: string) => readonly Command[]])[] = [
  ['has a place', () => []],
  ['is claimed', (id) => [{ type: 'claim', placement: placement(id), node: ada }]],
  [
    'is starting',
    (id) => [
      { type: 'claim', placement: placement(id), node: ada },
      { type: 'report-starting', placement: placement(id), node: ada, progress: 'pulling image' },
    ],
  ],
  [
    'runs',
    (id) => [
      { type: 'claim', placement: placement(id), node: ada },
      { type: 'report-running', placement: placement(id), node: ada, startedAt: 1 },
    ],
  ],
]

describe.each(phases)('given a run that %s when its node is lost', (_, sofar) => {
  const lost = (parts: object) => {
    const lab = new JobLab({ completions: 1, backoffLimit: 0, ...parts })
    lab.lead()
    const id = lab.live[0]?.id ?? ''
    lab.run({ type: 'place', workload: workloadId(id), attempt: 1, node: ada, devices: [], executor: 'docker' })
    for (const command of sofar(id)) expect(lab.run(command)).toBe(null)
    // A place that nobody has taken is given back; what was taken is given up.
    const type = sofar(id).length === 0 ? 'withdraw' : 'lose'
    return { lab, lose: () => lab.run({ type, placement: placement(id), reason: 'its node was lost' }), id }
  }

  test('then it is done elsewhere, once, and is no failure; what the node says later counts for nothing', () => {
    const { lab, lose, id } = lost({})
    expect(lose()).toBe(null)
    lab.lead()
    for (const run of lab.live) lab.end(run, 0)
    lab.lead()
    const late = { endedAt: lab.at, exitCode: 0, error: null }
    lab.run({ type: 'report-ended', placement: placement(id), node: ada, ...late })
    lab.lead()
    expect(lab.job).toMatchObject({ state: 'completed', succeeded: 1, failed: 0 })
    expect([...lab.successes]).toEqual([[0, 1]])
  })

  test.each(['stop-job', 'suspend-job', 'delete-job'] as const)(
    'and %s came before, then the job is over, waits or is gone, and nothing of it hangs',
    (type) => {
      const { lab, lose } = lost({})
      expect(lab.run({ type, job: render })).toBe(null)
      lab.lead()
      lose()
      lab.lead()
      expect(lab.live).toEqual([])
      expect(lab.job?.state).toBe({ 'stop-job': 'stopped', 'suspend-job': 'suspended', 'delete-job': undefined }[type])
    },
  )
})

test('given items, then each run is told its own, and a job with another number of them is refused', () => {
  const lab = new JobLab({ completions: 2, items: ['a', 'b'] })
  lab.lead()
  expect(lab.live.map(({ run }) => run?.item)).toEqual(['a', 'b'])
  expect(new JobLab({ completions: 3, items: ['a'] }).job).toBe(undefined)
})
