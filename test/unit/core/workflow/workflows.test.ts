import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { needsOf } from '../../../../src/core/workflow/order.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { stepConditions } from '../../../../src/model/workflow.ts'
import { pipeline, step, WorkflowLab } from '../../../support/workflow-lab.ts'

const jobOf = (lab: WorkflowLab, name: string) => {
  const job = lab.book.state.jobs.get(lab.step(name).jobId ?? ('' as never))
  if (job === undefined) throw new Error(`${name} has no job`)
  return job
}

describe('given fetch, then train and report, then a step that tells of failures', () => {
  const steps = [
    step('fetch-data'),
    step('train', { needs: ['fetch-data'] }),
    step('report', { needs: ['train'] }),
    step('alarm', { needs: ['report'], when: 'failure' }),
    step('clean', { needs: ['report'], when: 'always' }),
  ]

  test('when all goes well, then each begins after what it needs, with the results of all before it', () => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    expect(lab.states()).toMatchObject({ 'fetch-data': 'running', train: 'waiting', report: 'waiting' })
    lab.done('fetch-data', ['s3://bucket/7'])
    expect(jobOf(lab, 'train').spec.env).toEqual({ CLAW_RESULT_FETCH_DATA: 's3://bucket/7' })
    expect(jobOf(lab, 'train').name).toBe('pipeline-train')
    lab.done('train', ['0.93'])
    expect(jobOf(lab, 'report').spec.env).toEqual({
      CLAW_RESULT_FETCH_DATA: 's3://bucket/7',
      CLAW_RESULT_TRAIN: '0.93',
    })
    lab.done('report')
    expect(lab.states()).toMatchObject({ report: 'completed', alarm: 'skipped', clean: 'running' })
    lab.done('clean')
    expect(lab.workflow).toMatchObject({ state: 'completed', round: 1 })
  })

  test('when one fails, then what needs it is skipped, what waits for failures begins, and a retry does only what is left', () => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    lab.done('fetch-data', ['7'])
    lab.done('train', [null])
    expect(lab.states()).toMatchObject({ train: 'failed', report: 'skipped', alarm: 'running', clean: 'running' })
    lab.done('alarm')
    lab.done('clean')
    expect(lab.workflow.state).toBe('failed')
    expect(lab.run({ type: 'retry-workflow', workflow: pipeline })).toBe(null)
    lab.lead()
    expect(lab.states()).toMatchObject({ 'fetch-data': 'completed', train: 'running', alarm: 'completed' })
    expect(jobOf(lab, 'train').name).toBe('pipeline-train-r2')
    lab.done('train')
    lab.done('report')
    expect(lab.workflow).toMatchObject({ state: 'completed', round: 2 })
    expect(lab.begun.filter((name) => name === 'fetch-data')).toEqual(['fetch-data'])
    expect(lab.run({ type: 'retry-workflow', workflow: pipeline })).toBe('WORKFLOW_BUSY')
  })

  test('when it is cancelled, then what runs is stopped and nothing more begins; when it is deleted, its jobs are gone', () => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    lab.run({ type: 'cancel-workflow', workflow: pipeline, reason: 'not needed' })
    lab.done('fetch-data')
    expect(lab.workflow).toMatchObject({ state: 'cancelled', reason: 'cancelled by socket: not needed' })
    expect(lab.states()).toMatchObject({ 'fetch-data': 'stopped', train: 'stopped' })
    lab.run({ type: 'delete-workflow', workflow: pipeline })
    expect([lab.book.state.workflows.size, lab.book.state.jobs.size]).toEqual([0, 0])
  })

  test('when the job of a step is deleted, then the step has been stopped', () => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    const id = lab.step('fetch-data').jobId
    if (id !== null) lab.run({ type: 'delete-job', job: id })
    expect(lab.step('fetch-data')).toMatchObject({ state: 'stopped', reason: 'its job was deleted' })
  })
})

describe('given a step for each of what another hands on', () => {
  const steps = [step('list'), step('each', { forEach: 'list' }), step('sum', { needs: ['each'] })]

  test.each([
    ['["a","b",3]', ['a', 'b', '3']],
    ['a\nb\n', ['a', 'b']],
  ])('when that is %j, then there is a run for each, and their results are a list', (result, items) => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    lab.done('list', [result])
    expect(jobOf(lab, 'each')).toMatchObject({ completions: items.length, items })
    lab.done(
      'each',
      items.map((item) => item.toUpperCase()),
    )
    expect(jobOf(lab, 'sum').spec.env['CLAW_RESULT_EACH']).toBe(JSON.stringify(items.map((item) => item.toUpperCase())))
  })

  test('when that is nothing, then there is nothing to do for it, and it has completed', () => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    lab.done('list')
    expect(lab.step('each')).toMatchObject({ state: 'completed', result: '[]' })
    expect(lab.step('sum').state).toBe('running')
  })

  test('when that is too much, then the step fails and says so', () => {
    const lab = new WorkflowLab(steps)
    lab.lead()
    lab.done('list', ['x'.repeat(2_000)])
    expect(lab.step('each')).toMatchObject({ state: 'failed' })
  })
})

test('steps that need each other in a circle are refused, and the circle is named; so is what is no step', () => {
  const circle = new WorkflowLab([
    step('a', { needs: ['c'] }),
    step('b', { needs: ['a'] }),
    step('c', { needs: ['b'] }),
  ])
  expect(circle.refused).toBe('WORKFLOW_CYCLE')
  expect(new WorkflowLab([step('a', { needs: ['x'] })]).refused).toBe('INVALID_REQUEST')
  expect(new WorkflowLab([step('a'), step('A')]).refused).toBe('INVALID_REQUEST')
})

test('whatever a workflow looks like and its steps come to, none begins before what it needs or twice, and it comes to an end', () => {
  const shape = fc.array(
    fc.record({
      needs: fc.array(fc.nat(9), { maxLength: 3 }),
      when: fc.constantFrom(...stepConditions),
      isWell: fc.boolean(),
      forEach: fc.boolean(),
    }),
    { minLength: 1, maxLength: 9 },
  )
  fc.assert(
    fc.property(shape, fc.array(fc.nat(100), { minLength: 9, maxLength: 9 }), (steps, order) => {
      const lab = new WorkflowLab(
        steps.map(({ needs, when, forEach }, i) => {
          const earlier = [...new Set(needs.filter((need) => need < i))].map((need) => `s${need}`)
          const [first] = earlier
          return step(`s${i}`, { needs: earlier, when, forEach: forEach && first !== undefined ? first : null })
        }),
      )
      expect(lab.refused).toBe(null)
      lab.lead()
      for (let round = 0; lab.workflow.endedAt === null && round < 20; round += 1) {
        const running = lab.workflow.steps.filter(({ state }) => state === 'running')
        for (const one of running)
          for (const need of needsOf(one)) expect(['waiting', 'running']).not.toContain(lab.step(need).state)
        const chosen = running[(order[round % 9] ?? 0) % Math.max(1, running.length)]
        if (chosen === undefined) break
        const isWell = steps[Number(chosen.name.slice(1))]?.isWell ?? true
        lab.done(chosen.name, isWell ? ['1\n2', '3', '4'] : [null, null, null])
      }
      expect(new Set(lab.begun).size).toBe(lab.begun.length)
      expect(lab.workflow.endedAt).not.toBe(null)
      const isBad = lab.workflow.steps.some(({ state }) => state === 'failed')
      expect(lab.workflow.state).toBe(isBad ? 'failed' : 'completed')
      const bytes = snapshot(lab.book.state)
      expect(snapshot(restore(bytes))).toEqual(bytes)
    }),
    { numRuns: 150 },
  )
})
