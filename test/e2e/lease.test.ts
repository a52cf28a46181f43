/** What becomes of work whose host is cut off: each kind as it asked, and never twice at a time unless it may. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasHosts, type LabHosts } from '../support/lab-hosts.ts'
import { LabMesh } from '../support/lab-mesh.ts'
import { type Daemon, eventually, type Mesh, type WorkloadInfo } from '../support/mesh.ts'

interface Tick {
  readonly at: number
  readonly attempt: string
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
    const [first, second] = mesh.daemons.filter((daemon) => daemon !== leader)
    if (first === undefined || second === undefined) throw new Error('there are three hosts')
    cut = first
    witness = second
  })
  afterAll(async () => {
    await lab.down()
  })

  const info = (name: string): Promise<WorkloadInfo> => witness.json('workload', 'info', name)
  const reaches = (name: string, holds: (info: WorkloadInfo) => boolean): Promise<WorkloadInfo> =>
    eventually(`${name} is where it should be`, 90_000, () => info(name), holds)

  /** Says ten times a second, in a file that all hosts share, that it runs. */
  const submit = (name: string, onPartition: string): Promise<{ id: string }> => {
    const [end, ticks] = ['end', name].map((file) => join(mesh.directory, file))
    const script = `until [ -e ${end} ]; do echo "$(date +%s%N) $$-$(hostname)" >> ${ticks}; sleep 0.1; done`
    const how = ['--on-partition', onPartition, '--stop-grace', '1s']
    return witness.json('run', '-d', '--name', name, ...how, 'host', '--', 'sh', '-c', script)
  }
  const ticks = (name: string): readonly Tick[] => {
    const file = join(mesh.directory, name)
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    return lines.map((line) => ({ at: Number(line.split(' ')[0]) / 1e6, attempt: line.split(' ')[1] ?? '' }))
  }
  const ticksOf = (name: string, { name: host }: Daemon): readonly Tick[] => {
    const number = mesh.daemons.findIndex((daemon) => daemon.name === host) + 1
    return ticks(name).filter(({ attempt }) => attempt.endsWith(String(number)))
  }

  test('given work of each kind on a host, when its cable is pulled, then only what may is placed again', async () => {
    for (const daemon of mesh.daemons) if (daemon !== cut) await daemon.json('node', 'cordon', daemon.name)
    for (const kind of ['continue', 'stop', 'replace']) await submit(`does-${kind}`, kind)
    for (const kind of ['continue', 'stop', 'replace'])
      await reaches(`does-${kind}`, ({ state, node }) => state === 'running' && node === cut.name)
    for (const daemon of mesh.daemons) if (daemon !== cut) await daemon.json('node', 'uncordon', daemon.name)

    await hosts.isolate(mesh.daemons.indexOf(cut) + 1)
    const moved = ({ state, node, attempt }: WorkloadInfo): boolean =>
      state === 'running' && node !== cut.name && attempt === 2
    await reaches('does-replace', moved)
    expect(await info('does-stop')).toMatchObject({ attempt: 1, node: cut.name })
    await reaches('does-stop', moved)
    expect(await info('does-continue')).toMatchObject({ state: 'running', attempt: 1, node: cut.name })
  })

  test('what stops has stopped on the host that is cut off before it runs elsewhere', () => {
    const old = ticksOf('does-stop', cut)
    const all = ticks('does-stop')
    const last = old.at(-1)?.at ?? Infinity
    const next = all.filter(({ attempt }) => attempt !== old[0]?.attempt)
    expect(old.length).toBeGreaterThan(0)
    expect(next.length).toBeGreaterThan(0)
    expect(Math.min(...next.map(({ at }) => at))).toBeGreaterThan(last)
  })

  test('when the cable is back, what was replaced stops there, and what went on ends as if nothing had been', async () => {
    await hosts.rejoin(mesh.daemons.indexOf(cut) + 1)
    await eventually(
      'the first copy has ended',
      60_000,
      async () => {
        const before = ticksOf('does-replace', cut).length
        const { workloads } = await witness.json<{ workloads: { name: string; state: string }[] }>(
          ...['node', 'invoke', cut.name, 'workload.list'],
        )
        return { before, after: ticksOf('does-replace', cut).length, names: workloads.map(({ name }) => name) }
      },
      ({ before, after, names }) => before === after && !names.includes('does-replace'),
    )
    expect(await info('does-replace')).toMatchObject({ state: 'running', attempt: 2 })

    writeFileSync(join(mesh.directory, 'end'), '')
    for (const [kind, attempt] of [
      ['continue', 1],
      ['stop', 2],
      ['replace', 2],
    ] as const)
      // prettier-ignore
      expect(await reaches(`does-${kind}`, ({ state }) => state === 'completed')).toMatchObject({ attempt, exitCode: 0 })
    expect(new Set(ticks('does-continue').map(({ attempt }) => attempt)).size).toBe(1)
  })
})
