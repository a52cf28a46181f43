import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { bob } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let service: OperationService
let run: TwoPeers['run']
const { signal } = new AbortController()

beforeEach(async () => {
  ;({ mesh, service, run } = await twoPeers())
})

test('what is submitted waits with a reason, runs with its devices, and ends with its exit code', async () => {
  const { id, name } = await run('workload.run', { image: 'busybox', name: 'train', gpus: 2 })
  expect(await run('workload.info', { workload: name })).toMatchObject({
    ...{ id, name: 'train', state: 'pending', node: null, attempt: 0, devices: [], exitCode: null, error: null },
    reason: expect.stringContaining('2 nodes considered') as string,
  })
  const placement = mesh.running(mesh.idOf('train'), bob, [0, 1])
  expect(await run('workload.info', { workload: id.slice(0, 8) })).toMatchObject({
    ...{ state: 'running', node: 'bob', attempt: 1, devices: ['GPU-bob-0', 'GPU-bob-1'], reason: null },
  })
  mesh.ended(placement, bob, 3)
  expect(await run('workload.info', { workload: 'train' })).toMatchObject({
    ...{ state: 'failed', exitCode: 3, error: { code: 'NONZERO_EXIT', message: 'exit code 3' } },
  })
})

test('what failed waits for its retry, and tells of the attempt that is over', async () => {
  await run('workload.run', { image: 'busybox', name: 'train', restart: { policy: 'on-failure:2', backoff: '30s' } })
  mesh.ended(mesh.running(mesh.idOf('train'), bob), bob, 3)
  const now = mesh.world.now()
  expect(await run('workload.info', { workload: 'train' })).toMatchObject({
    ...{ state: 'pending', node: null, retries: 1, nextTryAt: new Date(now + 30_000).toISOString(), eviction: null },
    history: [
      {
        ...{ attempt: 1, node: 'bob', exitCode: 3, endedAt: new Date(now).toISOString(), reason: 'retry 1 of 2' },
        error: { code: 'NONZERO_EXIT' },
      },
    ],
  })
})

test('what saves tells how it is told to, and when it last was', async () => {
  const asked = { signal: 'USR1', path: '/ckpt', interval: '10m' }
  await run('workload.run', { image: 'busybox', name: 'train', stopGrace: '30s', checkpoint: asked })
  const placement = mesh.running(mesh.idOf('train'), bob)
  const checkpoint = { signal: 'SIGUSR1', path: '/ckpt', intervalSeconds: 600, saveSeconds: 30, lastAt: null }
  expect(await run('workload.info', { workload: 'train' })).toMatchObject({ checkpoint })
  const at = mesh.world.now()
  mesh.apply({ type: 'report-checkpoint', placement, node: bob, at })
  expect(await run('workload.info', { workload: 'train' })).toMatchObject({
    checkpoint: { ...checkpoint, lastAt: new Date(at).toISOString() },
  })
  await run('workload.run', { image: 'busybox', name: 'plain' })
  expect(await run('workload.info', { workload: 'plain' })).toMatchObject({ checkpoint: null })
})

test('what is evicted says why it leaves its node, and since when', async () => {
  await run('workload.run', { image: 'busybox', name: 'train' })
  const placement = mesh.running(mesh.idOf('train'), bob)
  mesh.apply({ type: 'evict', placement, reason: 'bob is drained', grace: null, target: null, avoid: false })
  const since = new Date(mesh.world.now()).toISOString()
  expect(await run('workload.info', { workload: 'train' })).toMatchObject({
    ...{ state: 'stopping', eviction: { reason: 'bob is drained', since } },
  })
})

test('the same idempotency key submits once', async () => {
  const request = { image: 'busybox', idempotencyKey: 'k1' }
  const first = await run('workload.run', request)
  expect(await run('workload.run', request)).toEqual(first)
  expect(mesh.book.state.workloads.size).toBe(1)
})

test('a name in use is refused, and free again after the end', async () => {
  const { id } = await run('workload.run', { image: 'busybox', name: 'one' })
  await expect(run('workload.run', { image: 'busybox', name: 'one' })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
  await run('workload.stop', { workload: id })
  const again = await run('workload.run', { image: 'busybox', name: 'one' })
  expect(again.id).not.toBe(id)
  expect(await run('workload.info', { workload: 'one' })).toMatchObject({ id: again.id })
  expect(await run('workload.info', { workload: id })).toMatchObject({ state: 'stopped' })
})

test.each(['wl-x7k2m4q7ab', 'WL-X7K2M4Q7AB', 'wl-x7k2m4q7ab.1'])('the name %s is refused', async (name) => {
  await expect(run('workload.run', { image: 'busybox', name })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('must not look like the id of a workload') as string,
  })
})

test('a name may begin like an id', async () => {
  expect(await run('workload.run', { image: 'busybox', name: 'wl-train-1' })).toMatchObject({ name: 'wl-train-1' })
})

test('a node is named by its name, its id, or the end of it, and pinned by id', async () => {
  const { name } = await run('workload.run', { image: 'busybox', node: 'bob' })
  expect(mesh.book.state.workloads.get(mesh.idOf(name))?.spec.node).toBe(bob)
  await expect(run('workload.run', { image: 'busybox', node: 'eve' })).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
})

test('what may be secret is not shown', async () => {
  const { id } = await run('workload.run', { image: 'busybox', env: ['WANDB_API_KEY=abc', 'MODEL=llama'] })
  const info = await run('workload.info', { workload: id })
  expect(info.env).toEqual({ WANDB_API_KEY: '(secret)', MODEL: 'llama' })
})

test('lists filter by what runs, where, since when, and whose it is', async () => {
  await run('workload.run', { image: 'busybox', name: 'waits' })
  await mesh.world.runFor(3_600_000)
  await run('workload.run', { image: 'busybox', name: 'runs' })
  mesh.running(mesh.idOf('runs'), bob)
  const names = async (input: InputOf<'workload.list'>): Promise<string[]> =>
    (await run('workload.list', input)).map(({ name }) => name)
  expect(await names({})).toEqual(['runs', 'waits'])
  expect(await names({ running: true })).toEqual(['runs'])
  expect(await names({ node: 'ada' })).toEqual([])
  expect(await names({ node: 'bob' })).toEqual(['runs'])
  expect(await names({ since: '30m' })).toEqual(['runs'])
  expect(await names({ state: 'pending' })).toEqual(['waits'])
  expect(await names({ mine: true, limit: 1 })).toEqual(['runs'])
  await expect(names({ since: 'whenever' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('a peer that is cut off answers reads with what it has, and refuses changes', async () => {
  await run('workload.run', { image: 'busybox', name: 'known' })
  mesh.failure = new ClawError('NO_LEADER', { detail: 'test' })
  expect(await run('workload.info', { workload: 'known' })).toMatchObject({ name: 'known' })
  await expect(run('workload.run', { image: 'busybox' })).rejects.toMatchObject({ code: 'NO_LEADER' })
})

test('waiting tells each state once, and ends with the end', async () => {
  const { id } = await run('workload.run', { image: 'busybox', name: 'job' })
  const seen: string[] = []
  const waiting = (async () => {
    for await (const item of service.open('workload.wait', { workload: 'job' }, { caller: admin, signal }))
      seen.push((item as OutputOf<'workload.wait'>).state)
  })()
  await mesh.world.runFor(10)
  const placement = mesh.running(mesh.idOf('job'), bob)
  await mesh.world.runFor(10)
  mesh.ended(placement, bob)
  await play(mesh.world, waiting)
  expect(seen).toEqual(['pending', 'running', 'completed'])
  expect(id).toMatch(/^wl-[a-z2-7]{10}$/)
})

test('a wait that is called off ends', async () => {
  await run('workload.run', { image: 'busybox', name: 'job' })
  const stop = new AbortController()
  const waiting = (async () => {
    return (
      await Array.fromAsync(service.open('workload.wait', { workload: 'job' }, { caller: admin, signal: stop.signal }))
    ).length
  })()
  await mesh.world.runFor(10)
  stop.abort()
  expect(await play(mesh.world, waiting)).toBe(1)
})

test('on a named node, workload.run pins to it and answers with the container', async () => {
  const invoked = service.invoke(
    'node.invoke',
    {
      node: 'bob',
      command: 'workload.run',
      params: { image: 'nginx', name: 'web', gpus: 1, volumes: ['/a:/b'], memory: '4g' },
    },
    { caller: admin, signal },
  )
  await mesh.world.runFor(500)
  const id = mesh.idOf('web')
  expect(mesh.book.state.workloads.get(id)?.spec).toMatchObject({ node: bob, memoryMib: 4_096 })
  const placement = mesh.running(id, bob, [0])
  mesh.tasks.push({
    ...{ placement, workload: id, handle: 'c0ffee123456', devices: ['GPU-bob-0'] },
    status: { state: 'running', startedAt: 1 },
  })
  expect(await play(mesh.world, invoked)).toMatchObject({
    ...{ containerId: 'c0ffee123456', workloadId: id, image: 'nginx', success: true },
  })

  const command = (name: string, params: Record<string, unknown> = {}): Promise<unknown> =>
    run('node.invoke', { node: 'bob', command: name, params })
  expect(await command('workload.list')).toMatchObject({
    count: 1,
    workloads: [{ name: 'web', containerId: 'c0ffee123456' }],
  })
  expect(await command('workload.inspect', { containerId: 'c0ffee123456' })).toMatchObject({
    state: 'running',
    name: 'web',
  })
  expect(await command('workload.stats', { name: 'web' })).toMatchObject({ cpuPercent: 99 })
  expect(await command('workload.inspect', { containerId: 'c0ff' })).toMatchObject({ workloadId: id })
  await expect(run('container.inspect', { containerId: 'c0ff' })).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  await expect(run('container.inspect', { name: 'web' })).rejects.toMatchObject({
    message: expect.stringContaining('it is on bob') as string,
  })
  const stop = { node: 'bob', command: 'workload.stop', params: { containerId: 'c0ffee123456', force: false } }
  const stopping = service.invoke('node.invoke', stop, { caller: admin, signal })
  await mesh.world.runFor(500)
  mesh.apply({ type: 'report-ended', placement, node: bob, endedAt: 1, exitCode: 143, error: null })
  expect(await play(mesh.world, stopping)).toMatchObject({ success: true, stopped: 'c0ffee123456', state: 'stopped' })
  expect(await command('gpu.list')).toMatchObject({ count: 2 })
  await expect(command('workload.stop')).rejects.toMatchObject({
    message: expect.stringContaining('containerId or name') as string,
  })
  await expect(command('workload.fly')).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' })
})
