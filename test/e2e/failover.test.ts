/** The leader dies in the middle of the work. The work goes on, the mesh goes on, and the dead one comes back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type StatusReply, type WorkloadInfo } from '../support/mesh.ts'

let mesh: Mesh

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
  await mesh.voters(3)
})

afterAll(async () => {
  await mesh.stop()
})

const info = (daemon: Daemon, name: string): Promise<WorkloadInfo> => daemon.json('workload', 'info', name)

test('kill -9 of the leader: the others go on, its workload survives it and is adopted when it is back', async () => {
  const leader = await mesh.leader()
  const others = mesh.daemons.filter((daemon) => daemon !== leader)
  const [survivor] = others
  if (survivor === undefined) throw new Error('no survivor')
  await survivor.json(
    'run',
    '-d',
    '--name',
    'long',
    '--node',
    leader.name,
    '--gpus',
    '1',
    'host',
    '--',
    'sh',
    '-c',
    'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo tick $i; sleep 0.1; done',
  )
  await eventually(
    'runs',
    10_000,
    () => info(survivor, 'long'),
    ({ state }) => state === 'running',
  )

  await leader.end('SIGKILL')
  const submitted = await survivor.json<{ id: string }>('run', '-d', '--name', 'after', 'host', '--', 'true')
  expect(submitted.id).toMatch(/^wl-/)
  await eventually(
    'new work ends',
    15_000,
    () => info(survivor, 'after'),
    ({ state }) => state === 'completed',
  )
  expect(await info(survivor, 'long')).toMatchObject({ state: 'running', attempt: 1 })

  await leader.start()
  await eventually(
    'all three are healthy again',
    15_000,
    () => survivor.json<StatusReply>('status'),
    ({ nodes }) => nodes.healthy === 3,
  )
  const again = await info(leader, 'long')
  expect(again).toMatchObject({ state: 'running', attempt: 1 })
  const logs = await survivor.cli('logs', 'long', '--tail', '1000')
  const ticks = logs.stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.replace('tick ', '')))
  expect(ticks).toEqual(ticks.map((_, i) => i + 1))
  expect((await survivor.cli('stop', 'long')).code).toBe(0)
  await eventually(
    'stopped',
    15_000,
    () => info(leader, 'long'),
    ({ state }) => state === 'stopped',
  )
})

test('the leader falls silent without closing its connections: a new one takes writes, and the old one steps down', async () => {
  const leader = await mesh.leader()
  const [survivor] = mesh.daemons.filter((daemon) => daemon !== leader)
  if (survivor === undefined) throw new Error('no survivor')
  leader.signal('SIGSTOP')
  try {
    const reply = await survivor.json<{ id: string }>(
      'run',
      '-d',
      '--name',
      'silent',
      '--node',
      survivor.name,
      'host',
      '--',
      'true',
    )
    expect(reply.id).toMatch(/^wl-/)
  } finally {
    leader.signal('SIGCONT')
  }
  await eventually(
    'all agree again',
    15_000,
    () => Promise.all(mesh.daemons.map((daemon) => daemon.json<StatusReply>('status'))),
    (replies) =>
      new Set(replies.map((reply) => reply.leader)).size === 1 && replies.every((reply) => reply.nodes.healthy === 3),
  )
  expect((await mesh.leader()).name).not.toBe(leader.name)
})

test('every daemon stopped and started again: nothing that was acknowledged is gone', async () => {
  const before = await mesh.get(0).json<WorkloadInfo[]>('workload', 'list')
  expect(await Promise.all(mesh.daemons.map((daemon) => daemon.end()))).toEqual([0, 0, 0])
  await Promise.all(mesh.daemons.map((daemon) => daemon.start()))
  await mesh.leader()
  const after = await mesh.get(2).json<WorkloadInfo[]>('workload', 'list')
  expect(after.map(({ id, state }) => ({ id, state }))).toEqual(before.map(({ id, state }) => ({ id, state })))
})
