import { beforeEach, describe, expect, test } from 'vitest'
import type { placementId } from '../../../src/model/ids.ts'
import { jobId, workloadId } from '../../../src/model/ids.ts'
import { ada } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']

beforeEach(async () => {
  ;({ mesh, run } = await twoPeers())
})

/** What a leader would begin. */
function startRun(name: string, index: number): ReturnType<typeof placementId> {
  const job = [...mesh.book.state.jobs.values()].find((one) => one.name === name)
  const workload = workloadId(`wl-${name}-${index}`)
  const start = [{ workload, name: `${name}-${index}-abcd`, index }]
  mesh.apply({ type: 'set-job', job: job?.id ?? jobId(''), step: job?.step ?? 0, start })
  return mesh.running(workload, ada)
}

describe('given a job as scripts ask for it', () => {
  const asked = { name: 'render', image: 'blender:4', command: ['render'], completions: 2, backoffLimit: 1 }

  test('then it is answered with how far it is, and with how long it has taken', async () => {
    expect(await run('job.create', { ...asked, activeDeadlineSeconds: 60 })).toMatchObject({
      ...{ name: 'render', state: 'active', completions: '0/2', durationSecs: null, origin: null },
    })
    const placement = startRun('render', 1)
    await mesh.world.runFor(2_000)
    mesh.ended(placement, ada)
    expect(await run('job.status', { name: 'render' })).toMatchObject({
      ...{ completions: '1/2', completedIndexes: '1', deadlineSeconds: 60, backoffSeconds: 10 },
      runs: [{ name: 'render-1-abcd', index: 1, state: 'completed', node: 'ada', exitCode: 0 }],
    })
    expect((await run('job.status', { job: 'render' })).durationSecs).toBeGreaterThanOrEqual(2)
  })

  test('then its name is its own in its namespace, and another namespace may use it too', async () => {
    await run('job.create', asked)
    await expect(run('job.create', asked)).rejects.toMatchObject({ code: 'JOB_EXISTS' })
    await run('namespace.create', { namespace: 'lab' })
    const { jobId: id } = await run('job.create', { ...asked, namespace: 'lab' })
    expect(await run('job.status', { job: 'render', namespace: 'lab' })).toMatchObject({ jobId: id })
    expect((await run('job.list', { namespace: 'lab' })).map((one) => one.jobId)).toEqual([id])
    await expect(run('namespace.delete', { namespace: 'lab' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(run('job.status', { job: 'other' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  test('then the same key makes it once', async () => {
    const first = await run('job.create', { ...asked, idempotencyKey: 'k' })
    expect((await run('job.create', { ...asked, idempotencyKey: 'k' })).jobId).toBe(first.jobId)
  })

  test.each([
    [{ restart: 'always' }, /there is no restart/],
    [{ completions: 3, items: ['a'] }, /completions is 3, and there are 1 items/],
    [{ deadline: '5m', activeDeadlineSeconds: 300 }, /deadline is said twice/],
    [{ name: 'job-abcdefghij' }, /must not look like the id of a job/],
    [{ backoff: 'soon' }, /backoff “soon” is no span of time/],
  ])('when it says %j, then that is refused', async (parts, problem) => {
    await expect(run('job.create', { ...asked, ...parts })).rejects.toThrow(problem)
  })

  test('then it can be changed while it is not over, and says what it keeps', async () => {
    await run('job.create', { ...asked, parallelism: 2, deadline: '1h' })
    const changed = await run('job.update', {
      job: 'render',
      parallelism: 1,
      deadline: null,
      ttl: '1d',
      reason: 'busy',
    })
    expect(changed).toMatchObject({ name: 'render', state: 'active' })
    expect(await run('job.status', { job: 'render' })).toMatchObject({
      ...{ parallelism: 1, deadlineSeconds: null, ttlSeconds: 86_400, backoffLimit: 1 },
      events: [{ type: 'job.created' }, { type: 'job.updated', message: 'render was changed by socket: busy' }],
    })
    await expect(run('job.update', { job: 'render' })).rejects.toThrow(/nothing is said/)
    await run('job.stop', { job: 'render' })
    await expect(run('job.update', { job: 'render', parallelism: 3 })).rejects.toMatchObject({ code: 'JOB_BUSY' })
  })

  test('then it can be suspended, resumed, stopped and deleted', async () => {
    await run('job.create', asked)
    expect((await run('job.suspend', { job: 'render', reason: 'later' })).state).toBe('suspended')
    expect((await run('job.resume', { job: 'render' })).state).toBe('active')
    expect(await run('job.stop', { job: 'render' })).toMatchObject({ state: 'stopping', reason: 'stopped by socket' })
    expect(await run('job.delete', { job: 'render' })).toMatchObject({ deleted: true, state: 'deleted' })
    expect(await run('job.list', {})).toEqual([])
  })
})

describe('given a schedule', () => {
  const asked = { name: 'nightly', image: 'backup:1', schedule: '0 3 * * *', timeZone: 'Europe/Zurich' }

  test('then its next moments are told, in its own time zone; and no more while it is suspended', async () => {
    const { nextRun } = await run('cron.create', asked)
    expect(new Date(nextRun ?? 0).toLocaleTimeString('de', { timeZone: 'Europe/Zurich' })).toBe('03:00:00')
    expect((await run('cron.info', { cron: 'nightly' })).nextRuns.length).toBe(5)
    expect(await run('cron.suspend', { cron: 'nightly' })).toMatchObject({ suspended: true, nextRun: null })
    expect((await run('cron.resume', { cron: 'nightly' })).nextRun).toBe(nextRun)
  })

  test('when it is changed, then what is said changes, its history stays, and what nobody said stays as it is', async () => {
    await run('cron.create', { ...asked, missed: 'run-all', env: ['A=1', 'API_KEY=k'], backoffLimit: 7 })
    await run('cron.trigger', { cron: 'nightly' })
    const before = [...mesh.book.state.crons.values()][0]
    const change = { cron: 'nightly', schedule: '30 4 * * *', timeZone: 'UTC', image: 'backup:2', parallelism: 2 }
    const { nextRun } = await run('cron.update', { ...change, concurrencyPolicy: 'Forbid', env: ['B=2'] })
    expect(nextRun).toMatch(/T04:30:00.000Z$/)
    const after = [...mesh.book.state.crons.values()][0]
    expect(after).toMatchObject({
      ...{ schedule: '30 4 * * *', missed: 'run-all', concurrency: 'forbid', edition: 1, last: before?.last },
      ...{ history: before?.history, job: { ...before?.job, parallelism: 2, backoffLimit: 7 } },
      spec: { image: 'backup:2', env: { A: '1', B: '2' }, secrets: before?.spec.secrets },
      earlier: [{ schedule: '0 3 * * *', timeZone: 'Europe/Zurich' }],
    })
    await expect(run('cron.update', { cron: 'nightly' })).rejects.toThrow(/nothing is said/)
    await expect(run('cron.update', { cron: 'nightly', schedule: '61 * * * *' })).rejects.toThrow(/cannot be followed/)
    const stale = run('cron.update', { cron: 'nightly', keepFailed: 9, expectedEdition: 0 })
    await expect(stale).rejects.toMatchObject({ code: 'CRON_BUSY' })
  })

  test('when it is triggered, then there is a job called after it and the moment, and a line in its history', async () => {
    await run('cron.create', asked)
    const { jobName } = await run('cron.trigger', { name: 'nightly' })
    expect(jobName).toMatch(/^nightly-manual-\d+$/)
    expect(await run('job.status', { job: jobName })).toMatchObject({ origin: 'cron nightly', image: 'backup:1' })
    expect(await run('cron.history', { cron: 'nightly' })).toMatchObject([
      { manual: true, outcome: 'started', jobName },
    ])
    expect(await run('cron.delete', { cron: 'nightly' })).toMatchObject({ deleted: true })
    expect(await run('job.list', {})).toEqual([])
  })

  test.each(['forbid', 'replace', 'allow'] as const)(
    'when a job still runs, %s decides about the next',
    async (concurrency) => {
      const { cronId: cron } = await run('cron.create', { ...asked, concurrency })
      const { last = 0 } = mesh.book.state.crons.get(cron as never) ?? {}
      const at = Math.ceil(last / 1_000) * 1_000
      for (const [i, moment] of [at + 1_000, at + 2_000].entries())
        mesh.apply({ type: 'fire-cron', cron: cron as never, at: moment, missed: 0, job: jobId(`job-${i}`) })
      const states = (await run('job.list', {})).map(({ state }) => state).toSorted()
      const outcomes = (await run('cron.history', { cron })).map(({ outcome }) => outcome)
      expect({ states, outcomes }).toEqual(
        {
          forbid: { states: ['active'], outcomes: ['forbidden', 'started'] },
          replace: { states: ['active', 'stopping'], outcomes: ['started', 'started'] },
          allow: { states: ['active', 'active'], outcomes: ['started', 'started'] },
        }[concurrency],
      )
      expect(() => {
        mesh.apply({ type: 'fire-cron', cron: cron as never, at: at + 2_000, missed: 0, job: jobId('job-9') })
      }).toThrow(/that moment has been dealt with/)
    },
  )

  test.each([
    [{ schedule: '0 25 * * *' }, /cannot be followed/],
    [{ timeZone: 'Mars/Olympus' }, /cannot be followed/],
    [{ concurrency: 'never' }, /must be allow, forbid or replace/],
    [{ concurrency: 'allow', concurrencyPolicy: 'Forbid' }, /say different things/],
    [{ startingDeadline: '2d' }, /longer than a day/],
  ])('when it says %j, then that is refused', async (parts, problem) => {
    await expect(run('cron.create', { ...asked, ...parts })).rejects.toThrow(problem)
  })
})

describe('given a workflow', () => {
  const steps = [
    { name: 'list', image: 'list:1' },
    { name: 'each', image: 'each:1', forEach: '{{ steps.list.result }}', parallelism: 2 },
    { name: 'all', image: 'all:1', forEach: ['a', 'b'], needs: ['each'], when: 'always' as const },
  ]

  test('then its steps are told as they were asked for', async () => {
    const made = await run('workflow.create', { name: 'shards', steps, ttl: '1d' })
    expect(made).toMatchObject({ state: 'running', progress: '0/3', round: 1, ttlSeconds: 86_400 })
    expect(made.steps).toMatchObject([
      { name: 'list', state: 'waiting', needs: [], forEach: null },
      { name: 'each', forEach: 'list', when: 'success' },
      { name: 'all', needs: ['each'], when: 'always' },
    ])
    expect(
      [...mesh.book.state.workflows.values()][0]?.steps.map(({ job }) => [job.completions, job.parallelism]),
    ).toEqual([
      [1, 1],
      [1, 2],
      [2, 2],
    ])
    expect(await run('workflow.cancel', { workflow: 'shards' })).toMatchObject({ state: 'cancelling' })
    expect(await run('workflow.delete', { workflow: 'shards' })).toMatchObject({ state: 'deleted' })
  })

  test.each([
    [[{ ...steps[0], needs: ['each'] }, steps[1]], 'WORKFLOW_CYCLE', /list → each → list/],
    [[{ ...steps[0], needs: ['lits'] }], 'INVALID_REQUEST', /needs lits, which is none of the steps/],
    [[{ ...steps[0], namespace: 'lab' }], 'INVALID_REQUEST', /there is no namespace/],
    [[{ ...steps[0], forEach: 'not a step' }], 'INVALID_REQUEST', /forEach of the step list names no step/],
    [[{ ...steps[0], env: ['A={{steps.gone.result}}'] }], 'WORKFLOW_REFERENCE', /at env.A: .* names none of the steps/],
    [
      [steps[0], { ...steps[0], name: 'b', env: ['API_KEY={{steps.list.result}}'], needs: ['list'] }],
      'WORKFLOW_REFERENCE',
      /kept as a secret/,
    ],
  ])('when its steps are %j, then they are refused, also when that is only asked', async (wrong, code, problem) => {
    for (const operation of ['workflow.create', 'workflow.validate'] as const)
      await expect(run(operation, { name: 'shards', steps: wrong as never })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(problem) as unknown,
      })
  })

  test('when there are as many steps as there may be, each after all before it, then that is looked at at once; one more is refused', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        ...{ name: `s${i}`, image: 'x:1', needs: Array.from({ length: i }, (__, before) => `s${before}`) },
        ...(i > 0 && { command: ['x', `{{steps.s${i - 1}.result}}`, '{{steps.s0.result}}'] }),
      }))
    const plan = await run('workflow.validate', { name: 'chain', steps: many(64) })
    expect(plan.stages.length).toBe(64)
    await expect(run('workflow.create', { name: 'chain', steps: many(500) })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  test('when it is only asked what it would be, then its stages and what each would be told are shown, and nothing is made', async () => {
    const merge = { name: 'merge', image: 'm:1', needs: ['all'], command: ['merge', '--list={{steps.list.result}}'] }
    const plan = await run('workflow.validate', { name: 'shards', steps: [...steps, merge] })
    expect(plan.stages).toEqual([['list'], ['each'], ['all'], ['merge']])
    expect(plan.steps).toMatchObject([
      { name: 'list', needs: [], completions: 1, uses: [] },
      { name: 'each', needs: ['list'], completions: null },
      { name: 'all', completions: 2, when: 'always' },
      { uses: [{ place: 'command[1]', text: '--list={{steps.list.result}}', steps: ['list'] }] },
    ])
    expect(mesh.book.state.workflows.size).toBe(0)
  })
})

describe('given a namespace with limits, and a policy', () => {
  test('then runs of jobs are completed and refused as all other work is', async () => {
    await run('namespace.create', { namespace: 'lab', defaults: { memory: '64Mi' } })
    await run('job.create', { name: 'small', image: 'app:1', namespace: 'lab' })
    expect([...mesh.book.state.jobs.values()][0]?.spec.memoryMib).toBe(64)
    await run('policy.create', { name: 'no-latest', rules: { denyImages: ['*:latest'] } })
    const denied = { name: 'large', image: 'app:latest' }
    await expect(run('job.create', denied)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await expect(run('cron.create', { ...denied, schedule: '@daily' })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    const steps = [{ name: 'a', image: 'app:latest' }]
    await expect(run('workflow.create', { name: 'w', steps })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await expect(run('workflow.validate', { name: 'w', steps })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
  })
})
