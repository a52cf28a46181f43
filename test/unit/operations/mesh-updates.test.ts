/** What those are told who watch a mesh. */
import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import { ada, bob, cyd, inventory, newMember, admit, submit, token } from '../../support/control-samples.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { sample } from '../../support/operations-mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

interface Update {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

let peers: TwoPeers
let told: Update[]
let over: AbortController
const quiet = {
  types: [
    ...['NodeRegistered', 'NodeUnregistered', 'NodeHealthChanged', 'WorkloadCreated', 'WorkloadAssigned'],
    ...['WorkloadStateChanged', 'WorkloadDeleted', 'LogLine'],
  ],
}

beforeEach(async () => {
  peers = await twoPeers()
  told = []
  over = new AbortController()
})

/** Watches from now on. What it rejects with, `ended` does. */
async function watch(input: object): Promise<{ readonly ended: Promise<void> }> {
  const items = peers.service.open('mesh.updates', input, { caller: admin, signal: over.signal })
  const ended = (async () => {
    for await (const item of items) told.push(item as Update)
  })()
  ended.catch(() => 'looked at by the test')
  await pass()
  return { ended }
}
/** Step by step: what one peer asks of another that asks a third takes more than one. */
async function pass(ms = 100): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) await peers.mesh.world.runFor(10)
}
const kinds = (): readonly string[] => told.map(({ type }) => type)

test('given work that is submitted, placed, run and forgotten, each step is told once', async () => {
  const { mesh } = peers
  await watch(quiet)
  mesh.apply(submit('wl-a', {}, 'job'))
  await pass()
  const id = mesh.idOf('job')
  const placement = mesh.place(id, bob)
  await pass()
  mesh.apply({ type: 'report-running', placement, node: bob, startedAt: mesh.world.now() })
  await pass()
  mesh.ended(placement, bob, 3)
  await pass()
  expect(kinds()).toEqual([
    ...['WorkloadCreated', 'WorkloadAssigned', 'WorkloadStateChanged', 'WorkloadStateChanged', 'WorkloadStateChanged'],
  ])
  expect(told[0]?.data).toMatchObject({ name: 'job', state: 'pending' })
  expect(told[1]?.data).toMatchObject({ node: 'bob', nodeId: bob })
  expect(told.at(-1)?.data).toMatchObject({ from: 'running', to: 'failed', exitCode: 3, node: 'bob' })
  mesh.apply({ type: 'prune', workloads: [id] })
  await pass()
  expect(told.at(-1)).toMatchObject({ type: 'WorkloadDeleted', data: { name: 'job' } })
})

test('given nodes that come, suffer and go, each is told with how it is', async () => {
  const { mesh } = peers
  await watch(quiet)
  mesh.apply(token('t1', mesh.world.now() + 1_000_000))
  mesh.apply(admit('t1', newMember(cyd)))
  await pass()
  mesh.deem(cyd, 'suspect')
  await pass()
  mesh.deem(cyd, 'suspect')
  await pass()
  mesh.deem(cyd, 'lost')
  await pass()
  mesh.apply({ type: 'remove-member', node: cyd, force: true })
  await pass()
  expect(told.map(({ type, data }) => [type, data['name'], data['to'] ?? data['health']])).toEqual([
    ['NodeRegistered', 'cyd', 'healthy'],
    ['NodeHealthChanged', 'cyd', 'unhealthy'],
    ['NodeHealthChanged', 'cyd', 'offline'],
    ['NodeUnregistered', 'cyd', undefined],
  ])
})

test('given that nothing is asked for, metrics come at once and then every ten seconds', async () => {
  peers.mesh.apply({ type: 'report-inventory', node: ada, inventory: inventory(ada, 1) })
  peers.mesh.samples.set(ada, [sample('GPU-ada-0')])
  await watch({})
  await pass(20_000)
  expect(kinds()).toEqual(['MetricsUpdate', 'MetricsUpdate', 'MetricsUpdate'])
  expect(told[0]?.data).toMatchObject({
    nodes: [{ name: 'ada', health: 'healthy', gpus: [{ index: 0 }] }, { name: 'bob' }],
    gpu_summary: { total_gpus: 3, used_vram_mib: 1_000, avg_utilization_percent: 50 },
  })
})

test('given work whose output is wanted, its new lines are told', async () => {
  const { mesh } = peers
  mesh.apply(submit('wl-a', {}, 'job'))
  const log = new FakeLog()
  mesh.logs.set(mesh.running(mesh.idOf('job'), bob), log)
  log.write('before')
  await watch({ ...quiet, logs: ['job'] })
  log.write('now')
  await pass(500)
  expect(told).toMatchObject([{ type: 'LogLine', data: { name: 'job', text: 'now', stream: 'stdout' } }])
})

test('given two whose output is wanted, when that of one cannot be read any more, it is told, and the other goes on', async () => {
  const { mesh } = peers
  const [log, lost] = [new FakeLog(), new FakeLog()]
  for (const [name, output] of Object.entries({ job: log, lost })) {
    mesh.apply(submit(`wl-${name}`, {}, name))
    mesh.logs.set(mesh.running(mesh.idOf(name), bob), output)
  }
  const { ended } = await watch({ types: [...quiet.types, 'LogFailed'], logs: ['lost', 'job'] })
  lost.breakOff(new ClawError('STATE_CORRUPT', { file: 'the log', detail: 'it cannot be read' }))
  await pass(500)
  log.write('still here')
  await pass(500)
  expect(told.filter(({ type }) => type.startsWith('Log'))).toMatchObject([
    { type: 'LogFailed', data: { name: 'lost', error: { code: 'STATE_CORRUPT' } } },
    { type: 'LogLine', data: { name: 'job', text: 'still here' } },
  ])
  over.abort()
  await pass(1_000)
  await ended
})

test('given work that nobody knows, it is refused; and a reader that leaves ends everything', async () => {
  const refused = await watch({ logs: ['ghost'] })
  await pass(5_000)
  await expect(refused.ended).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  const { ended } = await watch({})
  over.abort()
  await pass(1_000)
  await ended
})

test('health tells how long the daemon runs, and whether it has a leader', async () => {
  expect(await peers.run('mesh.health', {})).toEqual({ status: 'healthy', uptime_secs: expect.any(Number) as number })
  peers.mesh.leader = null
  expect(await peers.run('mesh.health', {})).toMatchObject({ status: 'degraded' })
})
