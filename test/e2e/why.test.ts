/** Asking why: what speaks against each node, what would fit, and where work would go before it is submitted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, Mesh, type StatusReply, type WorkloadInfo } from '../support/mesh.ts'

interface Verdicts {
  readonly reason: string | null
  readonly nodes: readonly { readonly node: string; readonly obstacle: string | null }[]
  readonly wouldFit: string | null
}

interface Why extends WorkloadInfo, Verdicts {
  readonly queue: { readonly position: number; readonly length: number } | null
}

interface Plan extends Verdicts {
  readonly fits: boolean
  readonly node: string | null
  readonly devices: readonly { readonly index: number }[]
  readonly executor: string | null
}

let mesh: Mesh

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one'] })
  await mesh.add('two', { gpus: '2xA100', extra: ['--label', 'zone=b'] })
  for (const peer of mesh.daemons)
    await eventually(
      'both nodes and their GPUs are known',
      15_000,
      () => peer.json<StatusReply>('status'),
      ({ nodes, gpus }) => nodes.healthy === 2 && gpus.total === 6,
    )
  await mesh.get(0).json('run', '-d', '--name', 'holder', '--node', 'one', '--gpus', '3', 'host', '--', 'sleep', '300')
  await eventually(
    'the holder runs',
    15_000,
    () => mesh.get(0).json<WorkloadInfo>('workload', 'info', 'holder'),
    ({ state }) => state === 'running',
  )
})

afterAll(async () => {
  await mesh.stop()
})

describe('why', () => {
  test('a workload that fits nowhere: each peer names each node, and what would fit', async () => {
    await mesh.get(0).json('run', '-d', '--name', 'big', '--gpus', '4', 'host', '--', 'true')
    for (const peer of mesh.daemons) {
      const why = await peer.json<Why>('why', 'big')
      expect(why).toMatchObject({ name: 'big', state: 'pending', queue: { position: 1, length: 1 } })
      expect(why.nodes).toEqual([
        expect.objectContaining({ node: 'one', obstacle: 'needs 4 GPUs, has 1 free' }),
        expect.objectContaining({ node: 'two', obstacle: 'needs 4 GPUs, has 2' }),
      ])
      expect(why.wouldFit).toBe('with 2 GPUs instead of 4 (on two)')
    }
  })

  test('for people it is plain words', async () => {
    const { code, stdout } = await mesh.get(1).cli('why', 'big')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^big waits: 2 nodes considered: /)
    expect(stdout).toContain('It is number 1 of 1 that wait.\n')
    expect(stdout).toMatch(/^one +needs 4 GPUs, has 1 free$/m)
    expect(stdout).toContain('\nIt would fit with 2 GPUs instead of 4 (on two).\n')
  })

  test('of what runs it says where', async () => {
    expect((await mesh.get(1).cli('why', 'holder')).stdout).toMatch(/^holder runs on one since /)
  })
})

describe('run --dry-run', () => {
  test('names the node and its devices, from any peer, and submits nothing', async () => {
    const before = await mesh.get(0).json<StatusReply>('status')
    for (const peer of mesh.daemons) {
      const plan = await peer.json<Plan>('run', '--dry-run', '--gpus', '2', '--node-label', 'zone=b', 'host')
      expect(plan).toMatchObject({ fits: true, node: 'two', executor: 'process', reason: null })
      expect(plan.devices.map(({ index }) => index)).toEqual([0, 1])
    }
    const { stdout } = await mesh.get(0).cli('run', '--dry-run', '--gpu-type', 'H100', 'host')
    expect(stdout).toMatch(/^would run on one \(process\) with GPU \d\nbecause \d of 2 nodes could run it/)
    expect((await mesh.get(0).json<StatusReply>('status')).workloads).toEqual(before.workloads)
  })

  test('ends with 6 when it would wait, and says why', async () => {
    const { code, stdout } = await mesh.get(0).cli('--json', 'run', '--dry-run', '--gpus', '8', 'host')
    expect(code).toBe(6)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{
        fits: false,
        node: null,
        devices: [],
        reason: '2 nodes considered: 1 needs 8 GPUs, has 4; 1 needs 8 GPUs, has 2',
      },
      wouldFit: 'with 2 GPUs instead of 8 (on two)',
    })
  })
})

test.each([
  [['--near', 'db'], /near “db” is not key=value/],
  [['--toleration', 'gpu:Sometimes'], /none of NoSchedule/],
  [['--restart', 'maybe'], /none of no, on-failure/],
  [['--restart', 'on-failure', '--retry-backoff', 'soon'], /no span of time/],
  [['--disk', 'much'], /disk “much” is no size/],
  [['--min-driver', 'newest'], /must be a version/],
])('%j is refused before anything is submitted', async (options, problem) => {
  for (const extra of [[], ['--dry-run']]) {
    const { code, stdout, stderr } = await mesh.get(0).cli('run', ...extra, ...options, 'host')
    expect([code, stdout]).toEqual([5, ''])
    expect(stderr).toMatch(/^error\[INVALID_REQUEST\]/)
    expect(stderr).toMatch(problem)
  }
})
