import { describe, expect, test } from 'vitest'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { deploymentId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { takesRequests } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, meshOf, refusal, spec } from '../../../support/control-samples.ts'
import { create, decided, deploymentIn, settings, startOn, update, web } from '../../../support/deployment-samples.ts'

const a = workloadId('wl-aaaaaaaaaa')
const b = workloadId('wl-bbbbbbbbbb')
const start = [a, b].map((workload, i) => ({ workload, name: `web-r1-aaaa${i}`, revision: 1 }))

/** A mesh with a deployment that has reached its first revision. */
function settled(replicas = 2): Book {
  const book = meshOf([ada])
  book.run(create({ replicas }))
  book.run(decided(book, { start }))
  for (const each of [a, b]) startOn(book, each, ada)
  const revisions = [{ number: 1, state: 'active', reason: null }] as const
  const done = { state: 'active', stable: 1, rollout: null, traffic: [{ revision: 1, weight: 100 }] } as const
  expect(refusal(book.run(decided(book, { ...done, revisions })))).toBe(null)
  return book
}

describe('creating', () => {
  test('given a name that is taken, or an id that is another’s, it is refused; the same again is not', () => {
    const book = meshOf([ada])
    expect(refusal(book.run(create()))).toBe(null)
    expect(refusal(book.run(create()))).toBe(null)
    expect(refusal(book.run({ ...create(), deployment: deploymentId('dep-other') }))).toBe('DEPLOYMENT_EXISTS')
    expect(refusal(book.run({ ...create(), name: 'other' }))).toBe('INVALID_REQUEST')
    expect(book.state.deployments.size).toBe(1)
  })

  test.each([
    ['an unknown namespace', { spec: spec({ namespace: 'nobody' }) }, 'NAMESPACE_NOT_FOUND'],
    ['parts', { spec: spec({ parts: { count: 2 } }) }, 'INVALID_REQUEST'],
    ['too long a spec', { spec: spec({ command: ['x'.repeat(32_768), 'x'.repeat(32_768)] }) }, 'TOO_LARGE'],
    ['no room to replace anything', create({ maxSurge: 0, maxUnavailable: 0 }), 'INVALID_REQUEST'],
    ['a surge for blue-green', create({ strategy: { type: 'blue-green' }, maxSurge: 1 }), 'INVALID_REQUEST'],
  ])('given %s, it is refused', (_, parts, code) => {
    expect(refusal(meshOf([ada]).run({ ...create(), ...parts }))).toBe(code)
  })
})

describe('updating', () => {
  test('given another spec, it is the next revision; given the same, nothing changes', () => {
    const book = settled()
    book.run(update('app:1'))
    expect(deploymentIn(book)).toMatchObject({ target: 1, rollout: null })
    book.run(update('app:2'))
    expect(deploymentIn(book)).toMatchObject({ target: 2, stable: 1, state: 'deploying', rollout: { kind: 'update' } })
    expect(deploymentIn(book).events.at(-1)).toMatchObject({ type: 'deployment.updated' })
  })

  test('given another revision than the one expected, it is refused, and nothing of it is done', () => {
    const book = settled()
    book.run(update('app:2', { expected: 1 }))
    const refused = book.run(update('app:3', { expected: 1, replicas: 9 }))
    expect(refusal(refused)).toBe('DEPLOYMENT_CHANGED')
    expect(deploymentIn(book)).toMatchObject({ target: 2, replicas: 2 })
  })

  test('given an update in the middle of another, the stable one stays the base, and the one between is no place to go back to', () => {
    const book = settled()
    book.run(update('app:2'))
    book.run(update('app:3'))
    const { stable, target, revisions } = deploymentIn(book)
    expect([stable, target, revisions.map(({ state }) => state)]).toEqual([
      1,
      3,
      ['active', 'rolled-back', 'rolling-out'],
    ])
    book.run(update('app:1'))
    expect(deploymentIn(book)).toMatchObject({ target: 1, stable: 1 })
    expect(deploymentIn(book).revisions).toHaveLength(3)
  })

  test('given more revisions than are kept, the oldest that nothing needs go', () => {
    const book = settled()
    for (let i = 2; i <= 40; i += 1) book.run(update(`app:${i}`))
    const numbers = deploymentIn(book).revisions.map(({ number }) => number)
    expect(numbers).toHaveLength(20)
    expect([numbers[0], numbers[1], numbers.at(-1)]).toEqual([1, 22, 40])
  })

  test('while it is paused, only its size may change', () => {
    const book = settled()
    book.run({ type: 'pause-deployment', deployment: web })
    expect(refusal(book.run(update('app:2')))).toBe('DEPLOYMENT_BUSY')
    expect(refusal(book.run({ type: 'update-deployment', deployment: web, replicas: 7 }))).toBe(null)
    book.run({ type: 'resume-deployment', deployment: web })
    expect(refusal(book.run(update('app:2')))).toBe(null)
    expect(deploymentIn(book)).toMatchObject({ replicas: 7, target: 2, paused: false })
  })
})

describe('promoting', () => {
  test('is refused before the new revision is there, unless it is forced; where nothing is under way it changes nothing', () => {
    const book = settled()
    const promote = (force: boolean): Command => ({ type: 'promote-deployment', deployment: web, force })
    expect(refusal(book.run(promote(false)))).toBe(null)
    expect(deploymentIn(book).rollout).toBe(null)
    book.run(update('app:2'))
    expect(refusal(book.run(promote(false)))).toBe('DEPLOYMENT_BUSY')
    expect(refusal(book.run(promote(true)))).toBe(null)
    expect(deploymentIn(book).rollout?.stage).toBe('promoted')
  })

  test.each(['starting', 'promoted'] as const)(
    'given a rollout that failed while %s, when it is forced, then it starts anew, and what failed before counts no more',
    (stage) => {
      const book = settled()
      book.run(update('app:2'))
      const { rollout } = deploymentIn(book)
      if (rollout === null) throw new Error('nothing is under way')
      const failure = 'replicas of revision 2 failed 3 times'
      const revisions = [{ number: 2, state: 'failed', reason: failure }] as const
      book.run(decided(book, { state: 'failed', reason: failure, rollout: { ...rollout, stage, failure }, revisions }))
      const promote = (force: boolean): Command => ({ type: 'promote-deployment', deployment: web, force })
      expect(refusal(book.run(promote(false)))).toBe('DEPLOYMENT_BUSY')
      expect(refusal(book.run(promote(true)))).toBe(null)
      const at = book.state.at
      expect(at).toBeGreaterThan(rollout.startedAt)
      expect(deploymentIn(book)).toMatchObject({
        ...{ state: 'promoting', reason: null },
        rollout: { stage: 'promoted', startedAt: at, failure: null },
      })
      expect(deploymentIn(book).revisions.at(-1)).toMatchObject({ state: 'rolling-out', reason: null })
    },
  )
})

describe('going back', () => {
  const back = (revision?: number): Command => ({
    ...{ type: 'rollback-deployment', deployment: web, reason: 'high error rate' },
    ...(revision !== undefined && { revision }),
  })

  test('in the middle of a rollout leads to the stable revision, however often it is asked for', () => {
    const book = settled()
    book.run(update('app:2'))
    book.run(back())
    book.run(back())
    const { target, rollout, revisions, reason } = deploymentIn(book)
    expect([target, rollout?.kind, revisions[1]?.state]).toEqual([1, 'rollback', 'rolled-back'])
    expect(reason).toBe('rolled back by socket: high error rate')
  })

  test('to a revision without the port to which requests go now is refused, and one with it is not', () => {
    const book = meshOf([ada])
    const on = (image: string, port: number) => ({
      spec: spec({ image, ports: [{ port }] }),
      settings: settings({ service: { port: 9_000, targetPort: port } }),
    })
    book.run({ ...create(), ...on('app:1', 8_080) })
    book.run(update('app:2', on('app:2', 9_090)))
    book.run(update('app:3', { spec: spec({ image: 'app:3', ports: [{ port: 9_090 }] }) }))
    expect(refusal(book.run(back(1)))).toBe('INVALID_REQUEST')
    expect(deploymentIn(book).target).toBe(3)
    expect(refusal(book.run(back(2)))).toBe(null)
  })

  test('from the stable revision leads to the one that was so before, and without one is refused', () => {
    const book = settled()
    expect(refusal(book.run(back()))).toBe('REVISION_NOT_FOUND')
    expect(refusal(book.run(back(7)))).toBe('REVISION_NOT_FOUND')
    book.run(update('app:2'))
    const revisions = [
      { number: 1, state: 'superseded', reason: null },
      { number: 2, state: 'active', reason: null },
    ] as const
    book.run(decided(book, { stable: 2, rollout: null, revisions }))
    book.run(back())
    expect(deploymentIn(book)).toMatchObject({ target: 1, stable: 2, state: 'rolling-back' })
  })
})

describe('deleting', () => {
  test('stops every replica, and the deployment is gone when the leader finds them ended', () => {
    const book = settled()
    book.run({ type: 'delete-deployment', deployment: web })
    expect([a, b].map((id) => book.state.workloads.get(id)?.state)).toEqual(['stopping', 'stopping'])
    expect(deploymentIn(book).state).toBe('deleting')
    expect(refusal(book.run(update('app:2')))).toBe('DEPLOYMENT_BUSY')
    expect(refusal(book.run({ ...create(), deployment: deploymentId('dep-2') }))).toBe('DEPLOYMENT_EXISTS')
    book.run(decided(book, { gone: true }))
    expect(book.state.deployments.size).toBe(0)
  })

  test('of one without replicas is done at once, and not twice', () => {
    const book = meshOf([ada])
    book.run(create())
    book.run({ type: 'delete-deployment', deployment: web })
    expect(book.state.deployments.size).toBe(0)
    expect(refusal(book.run({ type: 'delete-deployment', deployment: web }))).toBe('DEPLOYMENT_NOT_FOUND')
  })
})

describe('what the leader decided', () => {
  test('on a step that is over counts for nothing', () => {
    const book = settled()
    const late = decided(book, { drain: [a] })
    book.run({ type: 'pause-deployment', deployment: web })
    expect(refusal(book.run(late))).toBe('DEPLOYMENT_BUSY')
    expect(book.state.workloads.get(a)?.owner).toEqual({
      deployment: web,
      revision: 1,
      readySince: expect.any(Number) as number,
    })
  })

  test('keeps since when a replica has been ready, by the clock of the mesh and not of its node', () => {
    const book = settled()
    const since = book.state.workloads.get(a)?.owner?.readySince ?? 0
    const placement = placementId(a, 1)
    const report = { type: 'report-health', placement, node: ada, reason: null } as const
    book.run({ ...report, ready: true, at: 10 }, { at: 60_000 })
    expect(book.state.workloads.get(a)?.owner?.readySince).toBe(since)
    book.run({ ...report, ready: false, at: 20 }, { at: 61_000 })
    book.run({ ...report, ready: true, at: 30 }, { at: 62_000 })
    book.run(decided(book, { drain: [a] }), { at: 63_000 })
    book.run(decided(book, { keep: [a] }), { at: 64_000 })
    expect(book.state.workloads.get(a)?.owner).toEqual({ deployment: web, revision: 1, readySince: 62_000 })
  })

  test('takes replicas out of the traffic before they are stopped, and only its own', () => {
    const book = settled()
    const ready = () => [a, b].filter((id) => takesRequests(book.state.workloads.get(id) ?? expect.fail(id)))
    book.run(decided(book, { drain: [a, workloadId('wl-other')] }))
    expect(ready()).toEqual([b])
    book.run(decided(book, { keep: [a] }))
    expect(ready()).toEqual([a, b])
    book.run(decided(book, { stop: [{ workload: b, reason: 'revision 2 takes its place' }] }))
    expect(book.state.workloads.get(b)?.stopRequested?.reason).toBe('revision 2 takes its place')
  })

  test('starts what the quota allows, says why the rest waits, and does not try again at once', () => {
    const book = meshOf([ada])
    const quota = { gpus: null, cpuMillis: null, memoryMib: null, workloads: 1 }
    book.run({ type: 'create-namespace', name: 'team', quota, weight: 1, borrow: false })
    book.run({ ...create(), spec: spec({ namespace: 'team' }) })
    book.run(decided(book, { start }))
    expect(book.state.replicas.get(web)?.size).toBe(1)
    expect(deploymentIn(book).reason).toMatch(/no replica can be started: .*quota/)
    expect(deploymentIn(book).startsAfter).toBe(book.state.at + 10_000)
  })
})

test('given every command on deployments, when it is written down, then it can be read back, and so can the state after it', () => {
  const book = settled()
  const reason = 'r'.repeat(256)
  const text = 'x'.repeat(4_096)
  const step = 0
  const rollout = { kind: 'update', reason: text, startedAt: 1, stage: 'canary', stageAt: 2, ready: 3 } as const
  const commands: readonly Command[] = [
    { ...create(), deployment: deploymentId('dep-2'), name: 'w'.repeat(48) },
    update('app:2', { reason, expected: 1, replicas: 5, settings: { autoRollback: false, maxSurge: null } }),
    { type: 'pause-deployment', deployment: web, reason },
    { type: 'resume-deployment', deployment: web, reason },
    { type: 'promote-deployment', deployment: web, force: true, expected: 2, reason },
    { type: 'rollback-deployment', deployment: web, revision: 1, reason },
    {
      ...{ type: 'set-rollout', deployment: web, step, state: 'canary', reason: text, stable: 1, target: 1 },
      traffic: [{ revision: 1, weight: 10 }],
      rollout: { ...rollout, progressAt: 4, isUrgent: true, failure: text },
      revisions: [{ number: 1, state: 'failed', reason: text }],
      start: [{ workload: workloadId('wl-cccccccccc'), name: 'web-r1-ccccc', revision: 1 }],
      ...{ drain: [a], keep: [b], stop: [{ workload: a, reason }], notes: [{ type: 'deployment.x', message: text }] },
    },
    { type: 'delete-deployment', deployment: web, reason },
  ]
  for (const [i, each] of commands.entries()) {
    const command = each.type === 'set-rollout' ? { ...each, step: deploymentIn(book).step } : each
    const entry = { id: `deployment-${i}`, at: 9_000, by: 'b'.repeat(256), via: null, command }
    expect(decodeEntry(encodeEntry(entry))?.command).toEqual(command)
    expect([command.type, refusal(book.run(command, entry))]).toEqual([command.type, null])
    const bytes = snapshot(book.state)
    const again = restore(bytes)
    expect(snapshot(again)).toEqual(bytes)
    expect(again.replicas).toEqual(book.state.replicas)
  }
})

describe('the port of a service', () => {
  const service = { port: 8_080, targetPort: 80 }

  test('given one that another deployment has, it is refused and told whose it is', () => {
    const book = meshOf([ada])
    expect(refusal(book.run(create({ service })))).toBe(null)
    const other = { ...create({ service }), deployment: deploymentId('dep-other'), name: 'other' }
    expect(book.run(other).outcome).toMatchObject({
      failure: { code: 'INVALID_REQUEST', message: expect.stringContaining('the deployment web') as string },
    })
    expect(refusal(book.run({ ...other, settings: settings() }))).toBe(null)
    const change = { type: 'update-deployment', deployment: other.deployment, settings: { service } } as const
    expect(refusal(book.run(change))).toBe('INVALID_REQUEST')
    expect(refusal(book.run({ ...change, deployment: web }))).toBe(null)
  })

  test('given ports that are declared, requests go to one of them', () => {
    const book = meshOf([ada])
    const command = { ...create({ service }), spec: spec({ ports: [{ port: 81, protocol: 'http' }] }) }
    expect(refusal(book.run(command))).toBe('INVALID_REQUEST')
    expect(refusal(book.run({ ...command, settings: settings({ service: { port: 8_080, targetPort: 81 } }) }))).toBe(
      null,
    )
  })
})
