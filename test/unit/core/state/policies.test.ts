import { describe, expect, test } from 'vitest'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { cronId, deploymentId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Policy, PolicyRules } from '../../../../src/model/policy.ts'
import { rangeText } from '../../../../src/model/version.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, inventory, meshOf, refusal, spec, submit } from '../../../support/control-samples.ts'
import { settings } from '../../../support/deployment-samples.ts'
import { createJob, jobSettings, render } from '../../../support/job-lab.ts'

const make = (rules: PolicyRules, parts: Partial<Policy> = {}): Command => ({
  ...{ type: 'create-policy', name: 'rule', namespaces: null, mode: 'enforce', about: '', rules, ...parts },
})
const events = (book: Book, type: string): string[] =>
  book.state.events.filter((one) => one.type === type).map(({ message }) => message)

/** At the second version, as a mesh of this build is. */
function mesh(): Book {
  const book = meshOf([ada], 8)
  const versions = { state: rangeText({ oldest: 1, newest: 2 }) }
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 8, { versions }) })
  book.run({ type: 'raise-version', version: 2 })
  return book
}

describe('a policy', () => {
  test('is made once, changed rule by rule, kept over snapshots, and taken away', () => {
    const book = mesh()
    expect(refusal(book.run(make({ maxGpus: 4, maxPriority: 500 })))).toBe(null)
    expect(refusal(book.run(make({ maxGpus: 4 })))).toBe('POLICY_EXISTS')
    expect(refusal(book.run(make({}, { name: 'empty' })))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(make({ maxGpus: 1 }, { name: 'guest' })))).toBe('POLICY_EXISTS')
    book.run({ type: 'update-policy', name: 'rule', rules: { maxGpus: null, maxReplicas: 2 }, mode: 'warn' })
    expect(book.state.policies.get('rule')).toMatchObject({ mode: 'warn', rules: { maxPriority: 500, maxReplicas: 2 } })
    expect(book.state.policies.get('rule')?.rules).not.toHaveProperty('maxGpus')
    const gone = { maxPriority: null, maxReplicas: null }
    expect(refusal(book.run({ type: 'update-policy', name: 'rule', rules: gone }))).toBe('INVALID_REQUEST')
    expect(restore(snapshot(book.state))).toEqual(book.state)
    expect(refusal(book.run({ type: 'remove-policy', name: 'rule' }))).toBe(null)
    expect(refusal(book.run({ type: 'remove-policy', name: 'rule' }))).toBe('POLICY_NOT_FOUND')
  })

  test('refuses what is submitted, whoever submits it, and says what would pass', () => {
    const book = mesh()
    book.run(make({ allowImages: ['ghcr.io/team/*'], requireLimits: ['memory'] }))
    const { outcome } = book.run(submit('wl-a'), { by: 'a peer that went its own way', via: ada })
    expect(outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'POLICY_DENIED',
        facts: {
          policy: 'rule',
          rule: 'allowImages',
          value: 'busybox:1.36',
          wants: 'one like ghcr.io/team/*',
          more: 1,
        },
      },
    })
    expect(refusal(book.run(submit('wl-b', { image: 'ghcr.io/team/app:1', memoryMib: 64 })))).toBe(null)
    expect(refusal(book.run(submit('wl-c', { parts: { count: 3 } })))).toBe('POLICY_DENIED')
  })

  test('that only warns lets it in and puts it on record', () => {
    const book = mesh()
    book.run(make({ maxGpus: 1 }, { mode: 'warn' }))
    expect(refusal(book.run(submit('wl-a', { gpus: { count: 2 } })))).toBe(null)
    expect(events(book, 'workload.warned')).toEqual(['wl-a: the policy rule wants at most 1, and maxGpus is 2'])
  })

  test('refuses deployments when they are made, changed, scaled and rolled back, and lets go on what there is', () => {
    const book = mesh()
    const deployment = deploymentId('dep-a')
    const create = (image: string, name: string, id = deployment): Command => ({
      ...{ type: 'create-deployment', deployment: id, name, replicas: 2, spec: spec({ image }), settings: settings() },
    })
    expect(refusal(book.run(create('old:1', 'web')))).toBe(null)
    book.run(make({ denyImages: ['old'], maxReplicas: 3 }))
    expect(refusal(book.run(create('old:1', 'api', deploymentId('dep-b'))))).toBe('POLICY_DENIED')
    const update = (parts: object): Command => ({ type: 'update-deployment', deployment, ...parts })
    expect(refusal(book.run(update({ spec: spec({ image: 'old:2' }) })))).toBe('POLICY_DENIED')
    expect(refusal(book.run(update({ spec: spec({ image: 'new:1' }) })))).toBe(null)
    expect(refusal(book.run(update({ replicas: 4 })))).toBe('POLICY_DENIED')
    expect(refusal(book.run(update({ replicas: 1 })))).toBe(null)
    expect(refusal(book.run({ type: 'rollback-deployment', deployment, revision: 1 }))).toBe('POLICY_DENIED')
  })

  test('holds for the replicas that a deployment from before it is given later', () => {
    const book = mesh()
    const deployment = deploymentId('dep-a')
    const made = { deployment, name: 'web', replicas: 1, spec: spec({}), settings: settings() }
    book.run({ type: 'create-deployment', ...made })
    book.run(make({ requireDigest: true }))
    const start = [{ workload: workloadId('wl-r'), name: 'web-r1-a', revision: 1 }]
    book.run({ type: 'set-rollout', deployment, step: book.state.deployments.get(deployment)?.step ?? 0, start })
    expect(book.state.workloads.size).toBe(0)
    expect(book.state.deployments.get(deployment)?.reason).toContain('The policy rule does not allow it')
  })
})

describe('a policy and what the mesh makes by itself', () => {
  const job = (parts: Record<string, unknown>): Command => ({ ...createJob({ parallelism: 4 }), spec: spec(parts) })
  const cron = (image: string): Command => ({
    ...{ type: 'create-cron', cron: cronId('cron-a'), name: 'nightly', spec: spec({ image }), job: jobSettings() },
    settings: {
      ...{ schedule: '0 3 * * *', timeZone: 'UTC', missed: 'skip', concurrency: 'forbid' },
      ...{ startingDeadlineMs: 60_000, keepCompleted: 3, keepFailed: 1 },
    },
  })

  test('refuses jobs, schedules and workflows whose runs would not keep to it', () => {
    const book = mesh()
    book.run(make({ denyImages: ['old'], maxGpus: 6 }))
    expect(refusal(book.run(job({ image: 'old:1' })))).toBe('POLICY_DENIED')
    expect(refusal(book.run(job({ gpus: { count: 2 } })))).toBe('POLICY_DENIED')
    expect(refusal(book.run(cron('old:1')))).toBe('POLICY_DENIED')
    expect(refusal(book.run(job({ gpus: { count: 1 } })))).toBe(null)
  })

  test('is looked at again when a run is made, which gets what its namespace gives', () => {
    const book = mesh()
    book.run(job({}))
    book.run({ type: 'update-namespace', name: 'default', defaults: { memoryMib: 256 } })
    const start = (index: number): Command => ({
      ...{ type: 'set-job', job: render, step: book.state.jobs.get(render)?.step ?? 0 },
      start: [{ workload: workloadId(`wl-run-${index}`), name: `render-${index}`, index }],
    })
    book.run(start(0))
    expect(book.state.workloads.get(workloadId('wl-run-0'))?.spec.memoryMib).toBe(256)
    book.run(make({ requireDigest: true }))
    book.run(start(1))
    expect(book.state.workloads.has(workloadId('wl-run-1'))).toBe(false)
    expect(book.state.jobs.get(render)?.events.at(-1)?.message).toContain('The policy rule does not allow it')
  })
})

describe('what is beyond ordinary work', () => {
  test('is on record when it is let in, by whom, and with what', () => {
    const book = mesh()
    book.run(submit('wl-a', { privileges: ['cap-SYS_PTRACE', 'host-pid'], network: 'host' }), { by: 'ada' })
    expect(events(book, 'workload.privileged')).toEqual([
      'wl-a was let in by ada with the network of its host, the capability SYS_PTRACE and the processes of its host in sight',
    ])
  })

  test('is not said by a mesh that is still being upgraded, whose peers would not all say it', () => {
    const book = meshOf([ada], 8)
    book.run(submit('wl-a', { network: 'host' }))
    expect(events(book, 'workload.privileged')).toEqual([])
  })
})

describe('an image that runs as root', () => {
  test('is told of once, however often it runs, and of the workload itself that is known', () => {
    const book = mesh()
    for (const id of ['wl-a', 'wl-b']) {
      const placement = placementId(workloadId(id), 1)
      book.run(submit(id))
      book.run({ type: 'place', workload: workloadId(id), attempt: 1, node: ada, devices: [], executor: 'docker' })
      book.run({ type: 'claim', placement, node: ada })
      const image = { id: 'sha256:1', digest: null, root: true } as const
      book.run({ type: 'report-running', placement, node: ada, startedAt: 1, image })
      expect(book.state.workloads.get(workloadId(id))?.ran).toEqual(image)
    }
    expect(events(book, 'workload.root')).toEqual([
      'containers of busybox:1.36 run as root: name another user in the image, or with --user',
    ])
  })
})

describe('a namespace with limits for its work', () => {
  const team = (parts: object): Command => ({
    ...{ type: 'create-namespace', name: 'team', weight: 1, borrow: false },
    quota: { gpus: null, cpuMillis: null, memoryMib: null, workloads: null },
    ...parts,
  })
  const ask = (id: string, parts: Record<string, unknown> = {}): Command => submit(id, { namespace: 'team', ...parts })

  test('gives them to what names none, as if it had been said', () => {
    const book = mesh()
    book.run(team({ defaults: { cpuMillis: 1_500, memoryMib: 512, gpus: 1, timeoutMs: 60_000 } }))
    book.run(ask('wl-a'))
    book.run(ask('wl-b', { memoryMib: 64, cpus: 8, gpus: { count: 2 } }))
    expect(book.state.workloads.get(workloadId('wl-a'))?.spec).toEqual(
      spec({ namespace: 'team', memoryMib: 512, cpus: 1.5, gpus: { count: 1 }, timeoutMs: 60_000 }),
    )
    expect(JSON.stringify(book.state.workloads.get(workloadId('wl-a'))?.spec)).toBe(
      JSON.stringify(spec({ namespace: 'team', memoryMib: 512, cpus: 1.5, gpus: { count: 1 }, timeoutMs: 60_000 })),
    )
    expect(book.state.workloads.get(workloadId('wl-b'))?.spec).toMatchObject({
      memoryMib: 64,
      cpus: 8,
      gpus: { count: 2 },
    })
  })

  test('sets no time for replicas of deployments, and takes no other revision for what it added', () => {
    const book = mesh()
    book.run(team({ defaults: { memoryMib: 512, timeoutMs: 60_000 }, maxima: { timeoutMs: 90_000 } }))
    const deployment = deploymentId('dep-a')
    const said = spec({ namespace: 'team' })
    book.run({ type: 'create-deployment', deployment, name: 'web', replicas: 1, spec: said, settings: settings() })
    const [first] = book.state.deployments.get(deployment)?.revisions ?? []
    expect(first?.spec).toEqual(spec({ namespace: 'team', memoryMib: 512 }))
    for (const again of [said, spec({ namespace: 'team', memoryMib: 512 })])
      book.run({ type: 'update-deployment', deployment, spec: again })
    expect(book.state.deployments.get(deployment)?.target).toBe(1)
  })

  test('refuses what names more, or nothing where there is a maximum', () => {
    const book = mesh()
    book.run(team({ maxima: { memoryMib: 1_024, gpus: 2 } }))
    expect(refusal(book.run(ask('wl-a', { memoryMib: 2_048 })))).toBe('LIMIT_EXCEEDED')
    expect(refusal(book.run(ask('wl-a')))).toBe('LIMIT_EXCEEDED')
    expect(refusal(book.run(ask('wl-a', { memoryMib: 64, gpus: { count: 3 } })))).toBe('LIMIT_EXCEEDED')
    expect(refusal(book.run(ask('wl-a', { memoryMib: 64, gpus: { count: 2 } })))).toBe(null)
    book.run({ type: 'update-namespace', name: 'team', maxima: { memoryMib: null }, defaults: { gpus: 1 } })
    expect(book.state.namespaces.get('team')).toMatchObject({ maxima: { gpus: 2 }, defaults: { gpus: 1 } })
    expect(refusal(book.run(ask('wl-b')))).toBe(null)
    book.run({ type: 'update-namespace', name: 'team', maxima: { gpus: null }, defaults: { gpus: null } })
    expect(book.state.namespaces.get('team')).not.toHaveProperty('maxima')
    expect(restore(snapshot(book.state))).toEqual(book.state)
  })
})
