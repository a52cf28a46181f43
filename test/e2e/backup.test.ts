/** The state of a mesh goes into a file, and comes back: on a host that has nothing, and on the mesh that has gone on since. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Daemon, NodeRow, StatusReply, WorkloadInfo } from '../support/mesh.ts'
import { eventually, Mesh } from '../support/mesh.ts'

const meshes: Mesh[] = []

afterEach(async () => {
  for (const mesh of meshes.splice(0)) await mesh.stop()
})

const started = async (...names: readonly string[]): Promise<Mesh> => {
  const mesh = await Mesh.start({ names })
  meshes.push(mesh)
  return mesh
}

const info = (daemon: Daemon, name: string): Promise<WorkloadInfo> => daemon.json('workload', 'info', name)

const reaches = (daemon: Daemon, name: string, wanted: string): Promise<WorkloadInfo> =>
  eventually(
    `${name} is ${wanted}`,
    30_000,
    () => info(daemon, name),
    ({ state }) => state === wanted,
  )

const run = (daemon: Daemon, name: string, options: readonly string[], ...words: readonly string[]) =>
  daemon.json('run', '-d', '--name', name, ...options, 'host', '--', ...words)

test('given a mesh that is lost, when a fresh one restores its backup, then it has its work: what ended, what waited, what was to move', async () => {
  const mesh = await started('one', 'two')
  const [one, two] = [mesh.get(0), mesh.get(1)]
  await run(one, 'done', [], 'true')
  await reaches(one, 'done', 'completed')
  await run(one, 'waits', ['--gpus', '64'], 'true')
  await run(
    one,
    'service',
    ['--on-partition', 'stop', '--restart', 'always', '--env-plain', 'SECRET=x'],
    'sleep',
    '600',
  )
  await run(one, 'batch', [], 'sleep', '600')
  await reaches(two, 'service', 'running')
  await reaches(two, 'batch', 'running')

  const file = join(mesh.directory, 'mesh.claw')
  // Any peer gives it, also one that does not lead.
  const taken = await two.json<{ index: number; nodes: number; workloads: number }>('mesh', 'backup', file)
  expect(taken).toMatchObject({ nodes: 2, workloads: 4 })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const content = readFileSync(file)
  expect(JSON.parse(content.subarray(0, content.indexOf(10)).toString())).toMatchObject({
    index: taken.index,
    version: 1,
  })
  expect(content.toString()).toContain('"sealedKeys":[],')
  expect(content.toString()).toContain('"tokens":[],')

  const used = await one.cli('--json', 'mesh', 'restore', file, '--yes')
  expect({ code: used.code, error: JSON.parse(used.stderr) as unknown }).toMatchObject({
    code: 7,
    error: { error: { code: 'MESH_IN_USE' } },
  })
  meshes.splice(0)
  await mesh.stop()

  const next = await started('new')
  const fresh = next.get(0)
  const kept = join(next.directory, 'mesh.claw')
  const damaged = Buffer.from(content)
  damaged[content.length - 100] = (damaged[content.length - 100] ?? 0) ^ 1
  writeFileSync(kept, damaged)
  const refused = await fresh.cli('--json', 'mesh', 'restore', kept, '--yes')
  expect({ code: refused.code, error: JSON.parse(refused.stderr) as unknown }).toMatchObject({
    code: 5,
    error: { error: { code: 'BACKUP_INVALID' } },
  })
  writeFileSync(kept, content)
  expect((await fresh.cli('mesh', 'restore', kept)).code).toBe(5)
  expect(await fresh.json('mesh', 'restore', kept, '--yes')).toMatchObject({
    workloads: 4,
    replaced: 0,
    rolledBack: false,
  })

  expect(await info(fresh, 'done')).toMatchObject({ state: 'completed', exitCode: 0 })
  expect(await info(fresh, 'waits')).toMatchObject({ state: 'pending' })
  expect(await info(fresh, 'batch')).toMatchObject({ state: 'failed', error: { code: 'WORKLOAD_LOST' } })
  const service = await reaches(fresh, 'service', 'running')
  expect(service.node).toBe('new')
  expect(service.attempt).toBeGreaterThan(1_000)
  expect((await fresh.json<NodeRow[]>('node', 'list')).map(({ name }) => name)).toEqual(['new'])
  expect((await fresh.cli('events', '--json')).stdout).toContain('mesh.restored')

  // Others can join, and a restart finds it all.
  await next.add('other', {})
  await fresh.end()
  await fresh.start()
  await eventually(
    'both are there',
    30_000,
    () => fresh.json<StatusReply>('status'),
    ({ nodes, leader }) => nodes.healthy === 2 && leader !== null,
  )
  expect(await info(next.get(1), 'service')).toMatchObject({ state: 'running' })
})

test('given a mesh of three that has gone on, when it is rolled back, then its nodes say what is true of the work and nothing new is left', async () => {
  const mesh = await started('one', 'two', 'three')
  await mesh.voters(3)
  const one = mesh.get(0)
  await run(one, 'long', ['--node', 'two'], 'sleep', '600')
  await run(
    one,
    'short',
    ['--node', 'three'],
    'sh',
    '-c',
    `until [ -e ${join(mesh.directory, 'end')} ]; do sleep 0.1; done; exit 3`,
  )
  await reaches(one, 'long', 'running')
  await reaches(one, 'short', 'running')
  const file = join(mesh.directory, 'mesh.claw')
  await one.json('mesh', 'backup', file)

  writeFileSync(join(mesh.directory, 'end'), '')
  await reaches(one, 'short', 'failed')
  await run(one, 'newer', ['--node', 'two'], 'sleep', '600')
  await reaches(one, 'newer', 'running')
  const restored = await one.json<{ rolledBack: boolean }>('mesh', 'restore', file, '--force', '--yes')
  expect(restored.rolledBack).toBe(true)

  await eventually(
    'all three are there with the state of then',
    60_000,
    () => Promise.all(mesh.daemons.map((daemon) => daemon.json<WorkloadInfo[]>('workload', 'list'))),
    (lists) =>
      lists.every(
        (list) =>
          list
            .map(({ name }) => name)
            .toSorted()
            .join() === 'long,short',
      ),
  )
  expect(await reaches(one, 'long', 'running')).toMatchObject({ attempt: 1, node: 'two' })
  expect(await reaches(one, 'short', 'failed')).toMatchObject({ exitCode: 3, node: 'three' })
  await eventually(
    'the work that was undone is stopped where it ran',
    30_000,
    () => one.json<{ workloads: { name: string }[] }>('node', 'invoke', 'two', 'container.list'),
    ({ workloads }) => workloads.map(({ name }) => name).join() === 'long',
  )
  await mesh.voters(3)
  await run(one, 'next', [], 'true')
  await reaches(mesh.get(2), 'next', 'completed')
})
