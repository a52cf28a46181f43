/** Three hosts with a network each. The leader's cable is pulled while it works: no reset, no goodbye, only silence. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasHosts, type LabHosts } from '../support/lab-hosts.ts'
import { LabMesh } from '../support/lab-mesh.ts'
import {
  type Daemon,
  eventually,
  type Mesh,
  type NodeRow,
  type StatusReply,
  type WorkloadInfo,
} from '../support/mesh.ts'

/** Generous, for busy machines. What it takes on an idle one is in docs/performance.md. */
const longestFailover = 15_000

describe.skipIf(!hasHosts)('on hosts of the lab (scripts/lab/README.md), as root', () => {
  let lab: LabMesh
  let mesh: Mesh
  let hosts: LabHosts
  let cut: Daemon
  let rest: readonly Daemon[]
  let witness: Daemon

  beforeAll(async () => {
    lab = await LabMesh.up()
    mesh = lab.mesh
    hosts = lab.hosts
    cut = await mesh.leader()
    rest = mesh.daemons.filter((daemon) => daemon !== cut)
    witness = mesh.get(mesh.daemons.indexOf(cut) === 0 ? 1 : 0)
  })
  afterAll(async () => {
    await lab.down()
  })

  const info = (name: string, at = witness): Promise<WorkloadInfo> => at.json('workload', 'info', name)
  const reaches = (name: string, wanted: string): Promise<WorkloadInfo> =>
    eventually(
      `${name} is ${wanted}`,
      60_000,
      () => info(name),
      ({ state }) => state === wanted,
    )
  const linesOf = async (name: string, at: Daemon): Promise<readonly string[]> =>
    (await at.cli('logs', name)).stdout.trim().split('\n')

  const submit = (name: string, ...options: readonly string[]): Promise<{ id: string }> => {
    const script = `i=0; until [ -e ${join(mesh.directory, 'end')} ]; do i=$((i+1)); echo line $i; sleep 0.2; done`
    return witness.json('run', '-d', '--name', name, ...options, 'host', '--', 'sh', '-c', script)
  }

  test('a new leader takes writes within seconds, the old one steps down, and its work goes on', async () => {
    await submit('steady', '--node', cut.name, '--gpus', '2')
    await reaches('steady', 'running')

    await hosts.isolate(mesh.daemons.indexOf(cut) + 1)
    const begun = performance.now()
    await submit('after', '--node', witness.name, '--gpus', '1')
    const took = performance.now() - begun
    console.log(`silent cut: the next write was taken after ${(took / 1_000).toFixed(1)} s`)
    expect(took).toBeLessThan(longestFailover)
    await reaches('after', 'running')
    expect((await mesh.leader(rest)).name).not.toBe(cut.name)

    await eventually(
      'the old leader leads no more',
      60_000,
      () => cut.json<StatusReply>('status'),
      ({ leader }) => leader === null,
    )
    const refused = await cut.cli('--json', 'run', '-d', 'host', '--', 'true')
    expect(refused.code).toBe(2)
    expect(JSON.parse(refused.stderr)).toMatchObject({
      error: { code: expect.stringMatching(/NO_LEADER|DEADLINE/) as string },
    })

    await eventually(
      'the others miss it',
      60_000,
      () => witness.json<NodeRow[]>('node', 'list'),
      (rows) => rows.find(({ name }) => name === cut.name)?.status === 'offline',
    )
    const before = (await linesOf('steady', cut)).length
    await eventually(
      'its work goes on',
      30_000,
      () => linesOf('steady', cut),
      ({ length }) => length > before,
    )
    expect(await info('steady')).toMatchObject({ state: 'running', attempt: 1, node: cut.name })
  })

  test('meanwhile the others share the work, and what fits nowhere waits for the one that is away', async () => {
    for (const name of ['big-1', 'big-2', 'big-3']) await submit(name, '--gpus', '2')
    await reaches('big-1', 'running')
    await reaches('big-2', 'running')
    await reaches('big-3', 'running')
    await submit('big-4', '--gpus', '2')
    expect(await info('big-4')).toMatchObject({ state: 'pending', node: null, attempt: 0 })
    for (const name of ['big-1', 'big-2', 'big-3']) expect((await info(name)).node).not.toBe(cut.name)
  })

  test('when the cable is back all agree, nothing was placed twice, and what waited is placed', async () => {
    await hosts.rejoin(mesh.daemons.indexOf(cut) + 1)
    await eventually(
      'all agree on the mesh',
      60_000,
      () => Promise.all(mesh.daemons.map((daemon) => daemon.json<StatusReply>('status'))),
      (replies) =>
        new Set(replies.map(({ leader }) => leader)).size === 1 &&
        replies.every(({ leader, nodes }) => leader !== null && nodes.healthy === 3),
    )
    expect(await reaches('big-4', 'running')).toMatchObject({ node: cut.name })

    const names = ['steady', 'after', 'big-1', 'big-2', 'big-3', 'big-4']
    const views = await Promise.all(mesh.daemons.map((daemon) => Promise.all(names.map((name) => info(name, daemon)))))
    for (const view of views) expect(view).toEqual(views[0])
    expect(views[0]?.map(({ attempt, state }) => ({ attempt, state }))).toEqual(
      names.map(() => ({ attempt: 1, state: 'running' })),
    )
    const held = views[0]?.flatMap(({ devices }) => devices) ?? []
    expect(held).toHaveLength(11)
    expect(new Set(held).size).toBe(11)

    const tasks = await Promise.all(
      mesh.daemons.map(({ name }) =>
        witness.json<{ workloads: { name: string }[] }>('node', 'invoke', name, 'workload.list'),
      ),
    )
    const running = tasks.flatMap(({ workloads }) => workloads.map(({ name }) => name))
    expect(running.toSorted()).toEqual(names.toSorted())
  })

  test('the work that ran through it all ends once, with all that it has said', async () => {
    writeFileSync(join(mesh.directory, 'end'), '')
    expect(await reaches('steady', 'completed')).toMatchObject({ exitCode: 0, attempt: 1, node: cut.name })
    const told = await linesOf('steady', witness)
    expect(told.length).toBeGreaterThan(10)
    expect(told).toEqual(told.map((_, i) => `line ${i + 1}`))
  })
})
