import { beforeEach, describe, expect, test } from 'vitest'
import { workloadId } from '../../../src/model/ids.ts'
import type { CommandOf } from '../../../src/core/state/types.ts'
import type { OutputOf } from '../../../src/operations/registry.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { create, decided, web } from '../../support/deployment-samples.ts'
import { admin } from '../../support/operations-mesh.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']
let service: TwoPeers['service']

beforeEach(async () => {
  ;({ mesh, run, service } = await twoPeers())
})

const specNow = () => [...mesh.book.state.deployments.values()][0]?.revisions.at(-1)?.spec

test('given a dependency and a node that are forgotten, when something else is changed, then they stay as they were', async () => {
  mesh.apply(submit('wl-seed', {}, 'seed'))
  await run('deploy.create', { name: 'web', image: 'app:1', afterOk: ['seed'], node: 'bob' })
  mesh.book.state.workloads.delete(mesh.idOf('seed'))
  mesh.book.state.names.delete('seed')
  mesh.book.state.members.delete(bob)
  expect(await run('deploy.update', { deployment: 'web', image: 'app:2' })).toMatchObject({ revision: 2 })
  const dependencies = [{ workload: 'wl-seed', condition: 'afterOk' }]
  expect(specNow()).toMatchObject({ image: 'app:2', node: bob, dependencies })
  await expect(run('deploy.update', { deployment: 'web', after: ['seed'] })).rejects.toMatchObject({
    code: 'WORKLOAD_NOT_FOUND',
  })
})

describe('given a deployment that was scaled, when it is waited for', () => {
  const decide = (parts: Partial<CommandOf<'set-rollout'>>): void => {
    mesh.apply(decided(mesh.book, parts))
  }

  function startOne(letter: string): void {
    const workload = workloadId(`wl-${letter.repeat(10)}`)
    decide({ start: [{ workload, name: `web-r1-${letter.repeat(5)}`, revision: 1 }] })
    mesh.running(workload, ada)
  }

  beforeEach(() => {
    mesh.apply(create({ replicas: 1, progressDeadlineMs: 60_000 }))
    startOne('a')
    decide({ state: 'active', stable: 1, rollout: null })
  })

  /** Whether it goes on waiting, and what it told last. */
  function waiting() {
    const { signal } = new AbortController()
    const seen = { isOver: false, last: null as OutputOf<'deploy.status'> | null, error: null as unknown }
    const follow = async (): Promise<void> => {
      for await (const status of service.open('deploy.wait', { deployment: 'web' }, { caller: admin, signal }))
        seen.last = status as OutputOf<'deploy.status'>
      seen.isOver = true
    }
    follow().catch((error: unknown) => (seen.error = error))
    return seen
  }

  const scale = (replicas: number): void => {
    mesh.apply({ type: 'update-deployment', deployment: web, replicas })
  }

  test('then it lasts until as many are ready, also before the leader has looked', async () => {
    scale(2)
    const wait = waiting()
    await mesh.world.runFor(5_000)
    expect(wait.isOver).toBe(false)
    startOne('b')
    await mesh.world.runFor(5_000)
    expect(wait).toMatchObject({ isOver: true, last: { healthyReplicas: 2 } })
  })

  test('then it lasts until those too many are gone', async () => {
    startOne('b')
    const wait = waiting()
    await mesh.world.runFor(5_000)
    expect(wait.isOver).toBe(false)
    decide({ stop: [{ workload: workloadId('wl-bbbbbbbbbb'), reason: 'fewer replicas are wanted' }] })
    await mesh.world.runFor(5_000)
    expect(wait.isOver).toBe(true)
  })

  test('then it ends when no more can be started, or none got ready for too long', async () => {
    scale(2)
    decide({ state: 'degraded', reason: '1 of 2 replicas are ready' })
    const wait = waiting()
    await mesh.world.runFor(50_000)
    expect(wait.isOver).toBe(false)
    await mesh.world.runFor(20_000)
    expect(wait.isOver).toBe(true)
    decide({ start: [{ workload: workloadId('wl-aaaaaaaaaa'), name: 'web-r1-ccccc', revision: 1 }] })
    const refused = waiting()
    await mesh.world.runFor(5_000)
    expect(refused).toMatchObject({ isOver: true, last: { state: 'degraded' } })
  })
})
