/** A host that is cut off keeps what is submitted to it, through a restart, and hands it over once when the cable is back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasHosts, type LabHosts } from '../support/lab-hosts.ts'
import { LabMesh } from '../support/lab-mesh.ts'
import type { Daemon, StatusReply, WorkloadInfo } from '../support/mesh.ts'
import { eventually, type Mesh } from '../support/mesh.ts'

interface SpoolRow {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly error: { readonly code: string } | null
}

describe.skipIf(!hasHosts)('on hosts of the lab (scripts/lab/README.md), as root', () => {
  let lab: LabMesh
  let mesh: Mesh
  let hosts: LabHosts
  let cut: Daemon
  let witness: Daemon

  beforeAll(async () => {
    lab = await LabMesh.up()
    mesh = lab.mesh
    hosts = lab.hosts
    const leader = await mesh.leader()
    // The harder case: the one that is cut off believes that it leads.
    cut = leader
    witness = mesh.daemons.find((daemon) => daemon !== leader) ?? leader
  })
  afterAll(async () => {
    await lab.down()
  })

  const spool = (): Promise<SpoolRow[]> => cut.json('spool', 'list')
  const submit = (name: string, ...options: readonly string[]) =>
    cut.cli('--json', 'run', '-d', '--spool', '--name', name, ...options, 'host', '--', 'sh', '-c', `echo ran ${name}`)

  test('given a host that is cut off, when work is submitted to it, then it is refused, or kept by the host alone, and both are told', async () => {
    await hosts.isolate(mesh.daemons.indexOf(cut) + 1)
    await eventually(
      'the old leader leads no more',
      60_000,
      () => cut.json<StatusReply>('status'),
      ({ leader }) => leader === null,
    )
    const plain = await cut.cli('--json', 'run', '-d', 'host', '--', 'true')
    expect(plain.code).toBe(2)
    expect(plain.stderr).toMatch(/NO_LEADER.*--spool/)

    const kept = await submit('kept', '--idempotency-key', 'once')
    expect(kept.code).toBe(8)
    const { id, state } = JSON.parse(kept.stdout) as { id: string; state: string }
    expect(state).toBe('spooled')
    const again = await submit('kept', '--idempotency-key', 'once')
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([8, { id }])
    for (const name of ['dropped', 'taken']) expect((await submit(name)).code).toBe(8)
    expect((await cut.cli('spool', 'drop', 'dropped')).code).toBe(0)
    expect((await spool()).map(({ name, state: now }) => [name, now])).toEqual([
      ['kept', 'waiting'],
      ['taken', 'waiting'],
    ])
    await witness.json('run', '-d', '--name', 'taken', '--node', witness.name, 'host', '--', 'sleep', '600')
  })

  test('given what it keeps, when its daemon is killed and started again while it is cut off, then it still keeps it', async () => {
    await cut.end('SIGKILL')
    await cut.start()
    expect((await spool()).map(({ name }) => name)).toEqual(['kept', 'taken'])
    expect((await witness.json<WorkloadInfo[]>('workload', 'list')).map(({ name }) => name)).toEqual(['taken'])
  })

  test('when the cable is back, what was kept runs once, and what the mesh refuses stays with the reason until it is dropped', async () => {
    await hosts.rejoin(mesh.daemons.indexOf(cut) + 1)
    await eventually(
      'it runs',
      60_000,
      () => witness.json<WorkloadInfo>('workload', 'info', 'kept'),
      ({ state }) => state === 'completed',
    )
    const [left, ...more] = await eventually('the rest is refused', 30_000, spool, (rows) => rows.length === 1)
    expect(more).toEqual([])
    expect(left).toMatchObject({ name: 'taken', state: 'refused', error: { code: 'NAME_TAKEN' } })
    expect((await cut.cli('spool', 'drop', 'taken')).code).toBe(0)

    // The client that never heard of the outcome asks again with its key: it is the same work.
    const repeated = await submit('kept', '--idempotency-key', 'once')
    expect([repeated.code, JSON.parse(repeated.stdout)]).toMatchObject([0, { name: 'kept' }])
    const all = await witness.json<WorkloadInfo[]>('workload', 'list')
    expect(all.map(({ name }) => name).toSorted()).toEqual(['kept', 'taken'])
    expect((await witness.cli('logs', 'kept')).stdout).toBe('ran kept\n')
  })
})
