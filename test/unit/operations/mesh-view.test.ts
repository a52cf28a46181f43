import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import { workloadId } from '../../../src/model/ids.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { ada, bob, inventory, submit } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { admin, sample } from '../../support/operations-mesh.ts'
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

test('status counts nodes, GPUs and workloads', async () => {
  mesh.apply(submit('wl-a', { gpus: { count: 2 } }, 'runs'))
  mesh.apply(submit('wl-b', {}, 'waits'))
  mesh.running(mesh.idOf('runs'), bob, [0, 1])
  mesh.samples.set(bob, [sample('GPU-bob-0')])
  expect(await run('status', {})).toEqual({
    // As clients of the first gateway know it.
    ...{ total_nodes: 2, node_health: { healthy: 2, unhealthy: 0, draining: 0, offline: 0 } },
    total_workloads: 2,
    workload_states: { pending: 1, starting: 0, running: 1, stopping: 0, stopped: 0, completed: 0, failed: 0 },
    gpu_utilization: { total_gpus: 4, total_vram_mib: 326_236, used_vram_mib: 1_000, avg_utilization_percent: 50 },
    ...{ timestamp: expect.stringMatching(/Z$/) as string, uptime_secs: expect.any(Number) as number },
    gateway: 'http://127.0.0.1:8080',
    leader: 'ada',
    nodes: { healthy: 2, unhealthy: 0 },
    gpus: { total: 4, available: 2 },
    outdated: null,
    insecure: null,
    workloads: { running: 1, pending: 1 },
  })
})

test('GPUs of a node that is down, and failed ones, are not available', async () => {
  mesh.liveness.set(bob, 'lost')
  mesh.samples.set(ada, [sample('GPU-ada-0', { health: 'failed' }), sample('GPU-ada-1')])
  expect(await run('status', {})).toMatchObject({
    nodes: { healthy: 0, unhealthy: 2 },
    gpus: { total: 4, available: 0 },
  })
})

test('a node is listed with its devices, who has them, and how busy they are', async () => {
  mesh.apply(submit('wl-a', { gpus: { count: 1 } }, 'train'))
  mesh.running(mesh.idOf('train'), bob, [1])
  mesh.samples.set(bob, [sample('GPU-bob-0', { utilization: 0 }), sample('GPU-bob-1', { utilization: 90 })])
  const now = mesh.world.now()
  const [, second] = await run('node.list', {})
  expect(second).toMatchObject({
    ...{ id: 'bob', name: 'bob', status: 'healthy', gpuModel: 'NVIDIA H100 80GB HBM3', utilization: 45, gpusFree: 1 },
    gpus: [
      { index: 0, state: 'free', workload: null, memoryMib: 81_559, utilization: 0 },
      { index: 1, state: 'used', workload: 'train', utilization: 90 },
    ],
  })
  expect(Date.parse(second?.lastSeen ?? '')).toBe(now)
})

test('of a node that is offline nothing is told as if it were measured now', async () => {
  mesh.samples.set(bob, [sample('GPU-bob-0', { utilization: 90 }), sample('GPU-bob-1', { health: 'failed' })])
  mesh.liveness.set(bob, 'lost')
  const [, second] = await run('node.list', {})
  const nothing = { utilization: null, memoryUsedMib: null, temperatureC: null, powerW: null }
  expect(second).toMatchObject({ status: 'offline', utilization: null, gpus: [nothing, { state: 'failed' }] })
})

test('a node says whether it takes new work, and what keeps work away from it', async () => {
  const taint = { key: 'gpu', value: 'h100', effect: 'NoSchedule' } as const
  mesh.apply({ type: 'update-taints', node: bob, add: [taint], remove: [] })
  mesh.apply({ type: 'set-scheduling', node: bob, mode: 'cordoned', reason: 'new disks', grace: null })
  const [first, second] = await run('node.list', {})
  expect(first).toMatchObject({ scheduling: { mode: 'open', reason: '' }, taints: [] })
  expect(second).toMatchObject({
    ...{ status: 'healthy', scheduling: { mode: 'cordoned', reason: 'new disks' }, taints: [taint] },
  })

  mesh.apply({ type: 'set-scheduling', node: bob, mode: 'draining', reason: 'new disks', grace: null })
  expect(await run('node.info', { node: 'bob' })).toMatchObject({ status: 'draining' })
  mesh.liveness.set(bob, 'lost')
  expect(await run('node.info', { node: 'bob' })).toMatchObject({ status: 'offline' })
})

test('lists of nodes filter by what is free and by model', async () => {
  mesh.liveness.set(bob, 'suspect')
  const names = async (input: InputOf<'node.list'>): Promise<string[]> =>
    (await run('node.list', input)).map(({ name }) => name)
  expect(await names({ available: true })).toEqual(['ada'])
  expect(await names({ gpuType: 'h100' })).toEqual(['ada', 'bob'])
  expect(await names({ gpuType: 'A100' })).toEqual([])
})

test('a node in full has its hardware, its place in the mesh, and what runs on it', async () => {
  mesh.apply(submit('wl-a', {}, 'train'))
  mesh.running(mesh.idOf('train'), bob)
  const info = await run('node.info', { node: 'bob' })
  expect(info).toMatchObject({
    ...{ name: 'bob', voter: false, leader: false, molt: { participating: false } },
    hardware: { cpuCores: 32, executors: ['docker', 'process'] },
    connectivity: { liveness: 'alive', roundTripMs: 2 },
    running: [{ name: 'train', state: 'running' }],
  })
  await expect(run('node.info', { node: 'eve' })).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
})

test('metrics are those the node reported, by device', async () => {
  mesh.samples.set(bob, [sample('GPU-bob-0', { utilization: 7 }), sample('GPU-gone')])
  const asked = new Date(mesh.world.now()).toISOString()
  expect(await run('node.metrics', { node: 'bob' })).toMatchObject({
    name: 'bob',
    receivedAt: asked,
    busy: [],
    gpus: [{ index: 0, uuid: 'GPU-bob-0', utilization: 7, memoryMib: 81_559 }],
    host: { cpuUtilization: 12 },
  })
})

test('labels are set, kept and taken away', async () => {
  await run('node.label', { node: 'bob', labels: { rack: 'b2', zone: 'eu' } })
  const after = await run('node.label', { node: 'bob', labels: { rack: null } })
  expect(after.labels).toEqual({ zone: 'eu' })
})

test('a removed node is gone, and one with work needs force', async () => {
  mesh.apply(submit('wl-a', {}, 'train'))
  mesh.running(mesh.idOf('train'), bob)
  await expect(run('node.remove', { node: 'bob' })).rejects.toMatchObject({ code: 'MEMBER_BUSY' })
  expect(await run('node.remove', { node: 'bob', force: true })).toEqual({
    ...{ id: 'bob', name: 'bob', removed: true, leftRunning: 1 },
  })
  expect((await run('node.list', {})).map(({ name }) => name)).toEqual(['ada'])
  expect(mesh.book.state.workloads.get(workloadId('wl-a'))).toMatchObject({ error: { code: 'WORKLOAD_LOST' } })
})

test('forced out, a node first ends its work, and is a member until it has', async () => {
  mesh.apply(submit('wl-a', {}, 'train'))
  const placement = mesh.running(mesh.idOf('train'), bob)
  const removing = service.invoke('node.remove', { node: 'bob', force: true }, { caller: admin, signal })
  await mesh.world.runFor(1_000)
  expect(mesh.book.state.workloads.get(workloadId('wl-a'))).toMatchObject({
    ...{ state: 'stopping', stopRequested: { force: true } },
  })
  expect(mesh.book.state.members.has(bob)).toBe(true)
  mesh.ended(placement, bob)
  expect(await play(mesh.world, removing)).toMatchObject({ removed: true, leftRunning: 0 })
  expect(mesh.book.state.members.has(bob)).toBe(false)
})

test('a node that is lost is removed without waiting for its work', async () => {
  mesh.apply(submit('wl-a', {}, 'train'))
  mesh.running(mesh.idOf('train'), bob)
  mesh.liveness.set(bob, 'lost')
  expect(await run('node.remove', { node: 'bob', force: true })).toMatchObject({ leftRunning: 1 })
  expect(mesh.commands.map(({ type }) => type)).toEqual(['remove-member'])
})

test('the last node keeps its work, for it cannot be removed', async () => {
  mesh.apply({ type: 'remove-member', node: bob, force: false })
  mesh.apply(submit('wl-a', {}, 'train'))
  mesh.running(mesh.idOf('train'), ada)
  await expect(run('node.remove', { node: 'ada', force: true })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(mesh.book.state.workloads.get(workloadId('wl-a'))).toMatchObject({ state: 'running' })
})

test('events of a node are its own, and can be cut to the last ones', async () => {
  const events = await run('node.events', { node: 'bob' })
  expect(events.length).toBeGreaterThan(0)
  expect(new Set(events.map(({ node }) => node))).toEqual(new Set(['bob']))
  await mesh.world.runFor(7_200_000)
  expect(await run('node.events', { node: 'bob', since: '1h' })).toEqual([])
})

test('watching events tells what was there when asked, then what happens, by type', async () => {
  const stop = new AbortController()
  const seen: string[] = []
  const watching = (async () => {
    const asker = { caller: admin, signal: stop.signal }
    for await (const event of service.open('events.watch', { follow: true, type: 'workload.' }, asker))
      seen.push((event as OutputOf<'events.watch'>).type)
  })()
  await mesh.world.runFor(10)
  mesh.apply(submit('wl-a', {}, 'job'))
  mesh.apply({ type: 'record-liveness', node: bob, liveness: 'suspect' })
  await mesh.world.runFor(10)
  expect(seen).toEqual(['workload.submitted'])
  stop.abort()
  await play(mesh.world, watching)
})

test('a token is made for as long as was asked, within bounds', async () => {
  const now = mesh.world.now()
  expect(await run('token.create', { ttl: '10m' })).toEqual({
    token: 'claw1.token',
    expiresAt: new Date(now + 600_000).toISOString(),
  })
  for (const ttl of ['', '-1h', '0s', '31d', 'never'])
    await expect(run('token.create', { ttl })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('a token gives no role that does not exist', async () => {
  expect(await run('token.create', { roles: ['member'] })).toMatchObject({ token: 'claw1.token' })
  await expect(run('token.create', { roles: ['x'] as never })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('there are member and worker') as string,
  })
})

test('operators are added by key, listed, and removed by name', async () => {
  const key = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
  await run('operator.add', { key, name: 'Ada' })
  expect(await run('operator.list', {})).toMatchObject([{ key, name: 'Ada' }])
  expect(await run('operator.remove', { operator: 'Ada' })).toMatchObject({ removed: true })
  expect(await run('operator.list', {})).toEqual([])
  await expect(run('operator.add', { key: 'me', name: 'Eve' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('the gateway tells who leads and who votes', async () => {
  expect(await run('gateway.status', {})).toMatchObject({ leader: 'ada', voters: ['ada'], role: 'leader', term: 3 })
  expect(await run('gateway.ping', {})).toMatchObject({ ok: true, name: 'ada', version: '0.1.0' })
})

test('version tells the build of each peer, its skew, and what keeps the mesh from the next state version', async () => {
  const versions = { clawnode: '0.2.0', state: '1..2' }
  mesh.apply({ type: 'report-inventory', node: ada, inventory: inventory(ada, 2, { versions }) })
  const applies = { oldest: 1, newest: 2 }
  expect(await run('version', {})).toMatchObject({
    ...{ version: '0.1.0', node: 'ada' },
    state: { version: 1, applies, outdated: null, next: { version: 2, waitsFor: ['bob'] } },
    peers: [
      { node: 'ada', applies, status: 'healthy' },
      { node: 'bob', applies: { oldest: 1, newest: 1 } },
    ],
  })
})

test('a peer that has stopped to follow still answers reads, and says that it is outdated', async () => {
  mesh.outdated = new ClawError('VERSION_UNSUPPORTED', { found: 'a state of version 9', oldest: 1, newest: 2 })
  mesh.failure = mesh.outdated
  expect(await run('status', {})).toMatchObject({ outdated: mesh.outdated.message, nodes: { healthy: 2 } })
  expect(await run('version', {})).toMatchObject({ state: { outdated: mesh.outdated.message } })
})

test('a host tells its devices and its health, here and from afar', async () => {
  mesh.samples.set(bob, [sample('GPU-bob-0', { temperatureC: 71 })])
  expect(await run('gpu.metrics', { node: 'bob' })).toMatchObject({
    count: 1,
    metrics: [{ index: 0, temperatureC: 71 }],
  })
  expect(await run('node.health', { node: 'bob' })).toMatchObject({ status: 'healthy', memory: { usagePercent: 25 } })
  expect(await run('node.capabilities', {})).toMatchObject({
    hostname: 'ada',
    gpuCount: 2,
    executors: ['docker', 'process'],
  })
})
