/** Three daemons, one mesh, seen and used through every one of them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, Mesh, type NodeRow, type StatusReply, type WorkloadInfo } from '../support/mesh.ts'

let mesh: Mesh

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
})

afterAll(async () => {
  await mesh.stop()
})

test('given three daemons, every one lists three healthy nodes within five seconds of the last start', async () => {
  for (const daemon of mesh.daemons) {
    const nodes = await eventually(
      'three healthy nodes',
      5_000,
      () => daemon.json<NodeRow[]>('node', 'list'),
      (rows) => rows.length === 3 && rows.every(({ status }) => status === 'healthy'),
    )
    expect(nodes.map(({ name }) => name).toSorted()).toEqual(['one', 'three', 'two'])
    expect(nodes[0]?.gpus).toHaveLength(4)
    expect(nodes[0]?.gpuModel).toContain('H100')
  }
})

test('status is the same from every peer', async () => {
  await mesh.voters(3)
  const replies = await Promise.all(mesh.daemons.map((daemon) => daemon.json<StatusReply>('status')))
  const [first] = replies
  for (const { leader, nodes, gpus, workloads } of replies) {
    expect({ leader, nodes, gpus, workloads }).toEqual({
      leader: first?.leader,
      nodes: first?.nodes,
      gpus: first?.gpus,
      workloads: first?.workloads,
    })
  }
  expect(first?.nodes).toEqual({ healthy: 3, unhealthy: 0 })
  expect(first?.gpus).toEqual({ total: 12, available: 12 })
})

test('a workload submitted through a follower runs and its output and exit code come back', async () => {
  const leader = await mesh.leader()
  const follower = mesh.daemons.find((daemon) => daemon !== leader) ?? leader
  const reply = await follower.cli(
    'run',
    '--name',
    'greet',
    '--gpus',
    '2',
    'host',
    '--',
    'sh',
    '-c',
    'echo "devices=$NVIDIA_VISIBLE_DEVICES"; echo oops >&2; exit 3',
  )
  expect(reply.code).toBe(3)
  expect(reply.stdout).toMatch(/^devices=SIM-[^,]+,SIM-[^,]+$/m)
  expect(reply.stderr).toContain('oops')
  for (const daemon of mesh.daemons) {
    const info = await eventually(
      'the end is known',
      5_000,
      () => daemon.json<WorkloadInfo>('workload', 'info', 'greet'),
      ({ state }) => state === 'failed',
    )
    expect(info).toMatchObject({ state: 'failed', exitCode: 3, attempt: 1, error: { code: 'NONZERO_EXIT' } })
    expect(info.devices).toHaveLength(2)
  }
})

test('two workloads never share a device, and what does not fit waits with a reason', async () => {
  const submit = (name: string, gpus: string): Promise<{ id: string }> =>
    mesh.get(1).json('run', '-d', '--name', name, '--gpus', gpus, 'host', '--', 'sleep', '60')
  await Promise.all(['a', 'b', 'c'].map((name) => submit(name, '4')))
  const running = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      eventually(
        'runs',
        10_000,
        () => mesh.get(2).json<WorkloadInfo>('workload', 'info', name),
        ({ state }) => state === 'running',
      ),
    ),
  )
  const devices = running.flatMap((info) => info.devices.map((device) => JSON.stringify(device)))
  expect(new Set(devices).size).toBe(12)
  await submit('d', '1')
  const waiting = await mesh.get(0).json<WorkloadInfo & { reason: string | null }>('workload', 'info', 'd')
  expect(waiting.state).toBe('pending')
  expect(waiting.reason).toMatch(/3 nodes considered/)
  await mesh.get(0).cli('stop', 'a')
  await eventually(
    'd takes the place of a',
    10_000,
    () => mesh.get(0).json<WorkloadInfo>('workload', 'info', 'd'),
    ({ state }) => state === 'running',
  )
  for (const name of ['b', 'c', 'd']) expect((await mesh.get(1).cli('stop', name)).code).toBe(0)
  const stopped = await mesh.get(2).json<WorkloadInfo>('workload', 'info', 'b')
  expect(stopped.state).toBe('stopped')
})

test('logs follow a running workload from any peer', async () => {
  await mesh
    .get(0)
    .json(
      'run',
      '-d',
      '--name',
      'talk',
      'host',
      '--',
      'sh',
      '-c',
      'for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done',
    )
  await eventually(
    'runs',
    10_000,
    () => mesh.get(0).json<WorkloadInfo>('workload', 'info', 'talk'),
    ({ state }) => state !== 'pending' && state !== 'starting',
  )
  const replies = await Promise.all(mesh.daemons.map((daemon) => daemon.cli('logs', '-f', 'talk')))
  for (const { code, stdout } of replies) {
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
  }
})

test('a name that nobody has is told as such, with its exit code', async () => {
  const reply = await mesh.get(0).cli('workload', 'info', 'nobody', '--json')
  expect(reply.code).toBe(4)
  expect(JSON.parse(reply.stderr)).toMatchObject({ error: { code: 'WORKLOAD_NOT_FOUND' } })
})

test('a removed node is refused from then on', async () => {
  const extra = await mesh.add('four', {})
  await eventually(
    'four nodes',
    5_000,
    () => mesh.get(0).json<NodeRow[]>('node', 'list'),
    (rows) => rows.length === 4,
  )
  expect((await mesh.get(0).cli('node', 'remove', 'four', '--yes')).code).toBe(0)
  for (const daemon of mesh.daemons.filter((member) => member !== extra))
    await eventually(
      'three nodes',
      5_000,
      () => daemon.json<NodeRow[]>('node', 'list'),
      (rows) => rows.length === 3,
    )
  const attempt = await extra.cli('run', '-d', 'host', '--', 'true')
  expect(attempt.code).not.toBe(0)
})
