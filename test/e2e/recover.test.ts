/** Most voters are lost for ever. The one that is left goes on, and the mesh grows again; old voters that come back are followers. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Daemon, NodeRow, StatusReply, WorkloadInfo } from '../support/mesh.ts'
import { eventually, Mesh, runCli } from '../support/mesh.ts'

let mesh: Mesh
const meshes: Mesh[] = []

afterEach(async () => {
  for (const each of meshes.splice(0)) await each.stop()
})

interface GatewayReply {
  readonly leader: string | null
  readonly role: string
  readonly term: number
  readonly voters: readonly string[]
}

const gateway = (daemon: Daemon): Promise<GatewayReply> => daemon.json('gateway', 'status')

const reaches = (daemon: Daemon, name: string, wanted: string): Promise<WorkloadInfo> =>
  eventually(
    `${name} is ${wanted}`,
    30_000,
    () => daemon.json<WorkloadInfo>('workload', 'info', name),
    ({ state }) => state === wanted,
  )

const untilLost = async (survivor: Daemon, lost: readonly Daemon[]): Promise<void> => {
  await eventually(
    'the survivor knows no leader and misses the others',
    60_000,
    async () => ({
      leader: (await gateway(survivor)).leader,
      offline: (await survivor.json<NodeRow[]>('node', 'list')).filter(({ status }) => status === 'offline').length,
    }),
    ({ leader, offline }) => leader === null && offline === lost.length,
  )
}

async function threeVoters(): Promise<{ readonly survivor: Daemon; readonly lost: readonly Daemon[] }> {
  mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
  meshes.push(mesh)
  await mesh.voters(3)
  // The harder case: the survivor did not lead.
  const leader = await mesh.leader()
  const survivor = mesh.daemons.find((daemon) => daemon !== leader) ?? leader
  return { survivor, lost: mesh.daemons.filter((daemon) => daemon !== survivor) }
}

test('given that two of three voters died with their disks, when the third recovers, then it decides again and new peers become voters', async () => {
  const { survivor, lost } = await threeVoters()
  await survivor.json('run', '-d', '--name', 'steady', '--node', survivor.name, 'host', '--', 'sleep', '600')
  await reaches(survivor, 'steady', 'running')

  const early = await survivor.cli('--json', 'gateway', 'recover', '--unsafe', '--yes')
  expect(early.code).toBe(5)
  expect(early.stderr).toContain('nothing to recover')

  for (const daemon of lost) {
    await daemon.end('SIGKILL')
    rmSync(daemon.dataDir, { recursive: true })
  }
  await untilLost(survivor, lost)

  expect((await survivor.cli('gateway', 'recover')).code).toBe(5)
  const unasked = await survivor.cli('--json', 'gateway', 'recover', '--unsafe')
  expect(unasked.code).toBe(5)
  expect(unasked.stderr).toContain('--yes')
  const overTcp = await runCli([
    ...['--gateway', `http://${survivor.api}`, '--token-file', join(survivor.dataDir, 'api-token')],
    ...['--json', 'gateway', 'recover', '--unsafe', '--yes'],
  ])
  expect(overTcp.code).toBe(3)
  expect(JSON.parse(overTcp.stderr)).toMatchObject({ error: { code: 'PERMISSION_DENIED' } })

  const before = await gateway(survivor)
  const recovered = await survivor.json<{ node: string; lost: string[]; term: number }>(
    'gateway',
    'recover',
    '--unsafe',
    '--yes',
  )
  expect(recovered.node).toBe(survivor.name)
  expect(recovered.lost.toSorted()).toEqual(lost.map(({ name }) => name).toSorted())
  expect(recovered.term).toBeGreaterThan(before.term + 2 ** 31)
  expect(await gateway(survivor)).toMatchObject({ leader: survivor.name, role: 'leader', voters: [survivor.name] })

  await survivor.json('run', '-d', '--name', 'after', '--node', survivor.name, 'host', '--', 'true')
  await reaches(survivor, 'after', 'completed')
  expect(await reaches(survivor, 'steady', 'running')).toMatchObject({ attempt: 1 })
  const events = await survivor.cli('events', '--json')
  expect(events.stdout).toContain('mesh.recovered')

  for (const { name } of lost) expect((await survivor.cli('node', 'remove', name, '--force', '--yes')).code).toBe(0)
  const [dead] = lost
  mesh.daemons.splice(0, mesh.daemons.length, survivor)
  await mesh.add('four', {})
  await mesh.add('five', {})
  await mesh.voters(3, survivor)
  const rows = await survivor.json<NodeRow[]>('node', 'list')
  expect(rows.map(({ name }) => name).toSorted()).toEqual(['five', 'four', survivor.name].toSorted())
  expect(rows.map(({ name }) => name)).not.toContain(dead?.name)

  // And the mesh is as hard to kill as before.
  await survivor.end('SIGKILL')
  const four = mesh.get(1)
  await four.json('run', '-d', '--name', 'last', '--node', 'four', 'host', '--', 'true')
  await reaches(four, 'last', 'completed')
})

test('given a survivor that has recovered, when the old voters come back with their disks, then they follow it and take its state', async () => {
  const { survivor, lost } = await threeVoters()
  await survivor.json('run', '-d', '--name', 'before', 'host', '--', 'true')
  await reaches(survivor, 'before', 'completed')
  for (const daemon of lost) await daemon.end('SIGKILL')
  await untilLost(survivor, lost)
  await survivor.json('gateway', 'recover', '--unsafe', '--yes')
  await survivor.json('run', '-d', '--name', 'meanwhile', '--node', survivor.name, 'host', '--', 'true')
  await reaches(survivor, 'meanwhile', 'completed')

  await Promise.all(lost.map((daemon) => daemon.start()))
  await eventually(
    'all are healthy and follow the survivor',
    60_000,
    () => Promise.all(mesh.daemons.map((daemon) => daemon.json<StatusReply>('status'))),
    (replies) => replies.every(({ leader, nodes }) => leader === survivor.name && nodes.healthy === 3),
  )
  await mesh.voters(3, survivor)
  for (const daemon of mesh.daemons)
    expect((await daemon.json<WorkloadInfo[]>('workload', 'list')).map(({ name }) => name).toSorted()).toEqual([
      'before',
      'meanwhile',
    ])
})
