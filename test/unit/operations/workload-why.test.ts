import { beforeEach, describe, expect, test } from 'vitest'
import { ada, bob } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']

beforeEach(async () => {
  ;({ mesh, run } = await twoPeers())
})

describe('why', () => {
  test('names what speaks against each node', async () => {
    await run('workload.run', { image: 'busybox', name: 'big', gpus: 8 })
    const why = await run('workload.why', { workload: 'big' })
    expect(why).toMatchObject({
      name: 'big',
      state: 'pending',
      node: null,
      queue: { position: 1, length: 1, estimatedStart: null },
    })
    expect(why.reason).toMatch(/^2 nodes considered: 2 need 8 GPUs, have 2$/)
    expect(why.nodes).toEqual([
      { node: 'ada', nodeId: ada, obstacle: 'needs 8 GPUs, has 2' },
      { node: 'bob', nodeId: bob, obstacle: 'needs 8 GPUs, has 2' },
    ])
  })

  test('nothing speaks against a node where it fits', async () => {
    mesh.liveness.set(ada, 'lost')
    await run('workload.run', { image: 'busybox', name: 'small', gpus: 1 })
    expect(await run('workload.why', { workload: 'small' })).toMatchObject({
      ...{
        reason: null,
        nodes: [
          { node: 'ada', obstacle: 'is offline' },
          { node: 'bob', obstacle: null },
        ],
      },
    })
  })

  test('the place in the queue follows priority, then age', async () => {
    for (const [name, priority] of [
      ['old', 'normal'],
      ['young', 'normal'],
      ['urgent', 'high'],
    ] as const) {
      await run('workload.run', { image: 'busybox', name, gpus: 8, priority })
      await mesh.world.runFor(1_000)
    }
    const positionOf = async (workload: string) => (await run('workload.why', { workload })).queue
    expect(await positionOf('urgent')).toEqual({ position: 1, length: 3, estimatedStart: null })
    expect(await positionOf('old')).toEqual({ position: 2, length: 3, estimatedStart: null })
    expect(await positionOf('young')).toEqual({ position: 3, length: 3, estimatedStart: null })
  })

  test('a node that it is pinned to is called by its name', async () => {
    const request = { image: 'busybox', gpus: 8, node: bob }
    const { id } = await run('workload.run', request)
    const obstacles = ['is not bob', 'needs 8 GPUs, has 2']
    const why = await run('workload.why', { workload: id })
    expect(why.nodes.map(({ obstacle }) => obstacle)).toEqual(obstacles)
    const plan = await run('workload.plan', request)
    expect(plan.nodes.map(({ obstacle }) => obstacle)).toEqual(obstacles)
  })

  test('what failed waits for its next try', async () => {
    await run('workload.run', { image: 'busybox', name: 'train', restart: { policy: 'always', backoff: '30s' } })
    mesh.ended(mesh.running(mesh.idOf('train'), bob), bob, 3)
    const why = await run('workload.why', { workload: 'train' })
    expect(why.reason).toMatch(/^is tried again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(why.history).toMatchObject([{ attempt: 1, node: 'bob', exitCode: 3, reason: 'restart 1' }])
  })

  test('what runs or has ended says where, and waits in no queue', async () => {
    const { id } = await run('workload.run', { image: 'busybox', name: 'train' })
    const placement = mesh.running(mesh.idOf('train'), bob)
    const settled = { node: 'bob', attempt: 1, queue: null, nodes: [], wouldFit: null }
    const why = await run('workload.why', { workload: 'train' })
    expect(why).toMatchObject({ state: 'running', ...settled })
    expect(why.decision).toMatch(/^train goes to bob/)
    mesh.ended(placement, bob, 3)
    expect(await run('workload.why', { workload: id })).toMatchObject({ state: 'failed', exitCode: 3, ...settled })
  })

  test('given a node that is kept for other work, then it says so, and what would help is looked for elsewhere', async () => {
    mesh.liveness.set(ada, 'lost')
    await run('workload.run', { image: 'busybox', name: 'service', gpus: 1 })
    mesh.running(mesh.idOf('service'), bob, [0])
    await run('workload.run', { image: 'busybox', name: 'large', gpus: 2 })
    await mesh.world.runFor(61_000)
    await run('workload.run', { image: 'busybox', name: 'small', gpus: 1 })
    const obstacle = 'is kept for work that has waited longer'
    expect(await run('workload.why', { workload: 'small' })).toMatchObject({
      reason: `2 nodes considered: 1 is offline; 1 ${obstacle}`,
      nodes: [{ node: 'ada' }, { node: 'bob', obstacle }],
      wouldFit: null,
    })
    expect(await run('workload.plan', { image: 'busybox', gpus: 1 })).toMatchObject({ fits: false })
    expect(await run('workload.plan', { image: 'busybox', gpus: 1, priority: 'high' })).toMatchObject({ fits: true })
  })

  test('nobody knows why a workload is where it is that does not exist', async () => {
    await expect(run('workload.why', { workload: 'none' })).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  })
})

describe('a plan', () => {
  test('names the node, the devices and the executor, and submits nothing', async () => {
    mesh.liveness.set(ada, 'lost')
    expect(await run('workload.plan', { image: 'busybox', gpus: 2 })).toMatchObject({
      ...{ fits: true, node: 'bob', nodeId: bob, executor: 'docker', reason: null },
      devices: [
        { index: 0, uuid: 'GPU-bob-0' },
        { index: 1, uuid: 'GPU-bob-1' },
      ],
    })
    expect(mesh.commands).toEqual([])
    expect(mesh.book.state.workloads.size).toBe(0)
  })

  test('is where the same workload then goes', async () => {
    const request = { image: 'busybox', gpus: 1, node: 'bob' }
    const { node } = await run('workload.plan', request)
    const { id } = await run('workload.run', request)
    const verdicts = await run('workload.why', { workload: id })
    expect(verdicts.nodes.filter(({ obstacle }) => obstacle === null).map((one) => one.node)).toEqual([node])
  })

  test('says why it would wait', async () => {
    expect(await run('workload.plan', { image: 'busybox', gpus: 8 })).toMatchObject({
      ...{ fits: false, node: null, devices: [], executor: null, reason: '2 nodes considered: 2 need 8 GPUs, have 2' },
      nodes: [{ obstacle: 'needs 8 GPUs, has 2' }, { obstacle: 'needs 8 GPUs, has 2' }],
    })
  })

  test('leaves to those that wait before it what they will take', async () => {
    await run('workload.run', { image: 'busybox', name: 'first', gpus: 2, node: 'bob' })
    expect(await run('workload.plan', { image: 'busybox', gpus: 1, node: 'bob' })).toMatchObject({ fits: false })
    expect(await run('workload.plan', { image: 'busybox', gpus: 1, node: 'bob', priority: 'high' })).toMatchObject({
      fits: true,
    })
  })

  test('keeps away from a tainted or closed node', async () => {
    const taint = { key: 'gpu', value: '', effect: 'NoSchedule' } as const
    mesh.apply({ type: 'update-taints', node: ada, add: [taint], remove: [] })
    mesh.apply({ type: 'set-scheduling', node: bob, mode: 'cordoned', reason: '', grace: null })
    expect(await run('workload.plan', { image: 'busybox' })).toMatchObject({ fits: false })
    expect(await run('workload.plan', { image: 'busybox', tolerations: ['gpu'] })).toMatchObject({
      ...{ fits: true, node: 'ada' },
    })
  })

  test('is refused as the submission would be', async () => {
    await run('workload.run', { image: 'busybox', name: 'one' })
    await expect(run('workload.plan', { image: 'busybox', name: 'one' })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await expect(run('workload.plan', { image: 'busybox', node: 'eve' })).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
    })
    await expect(run('workload.plan', { image: 'busybox', restart: 'maybe' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})
