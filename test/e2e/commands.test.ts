/** Everything that was promised of nodes and workloads, asked for through every door of a real mesh on the real engine. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, doorsOf, shapeAt, type Row } from '../support/command-table.ts'
import { DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually } from '../support/mesh.ts'
import { endRows } from '../support/promises/ends.ts'
import { nodeRows } from '../support/promises/nodes.ts'
import type { Known } from '../support/promises/shapes.ts'
import { workloadRows } from '../support/promises/work.ts'

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let asked: Daemon
  let known: Known
  const names = { cli: 'by-cli', rest: 'by-rest', invoke: 'by-invoke' }

  beforeAll(async () => {
    mesh = await DockerMesh.ofThree(['--allow-system-run'])
    // A peer that is neither the node that works nor, most likely, the leader: every answer has a way to go.
    asked = mesh.get(1)
    const run = (name: string, gpus: number): Promise<{ workloadId: string; containerId: string }> => {
      const params = {
        image: labImage,
        name,
        gpus,
        memory: '64m',
        command: ['sh', '-c', 'echo hello; echo oops >&2; sleep 600'],
      }
      return asked.json('node', 'invoke', 'gpu-node-1', 'workload.run', JSON.stringify(params))
    }
    const { workloadId, containerId } = await run('trainer', 1)
    await run(names.invoke, 0)
    await eventually(
      'it has said what it says',
      15_000,
      () => asked.cli('logs', 'trainer'),
      ({ stdout, stderr }) => stdout === 'hello\n' && stderr.includes('oops'),
    )
    known = { node: 'gpu-node-1', spare: 'gpu-node-3', workload: { name: 'trainer', id: workloadId, containerId } }
  })
  afterAll(() => mesh.stop())

  const all = (rows: readonly Row[]): Promise<void> =>
    rows.reduce((before, row) => before.then(() => check(row)), Promise.resolve())
  const check = async (row: Row): Promise<void> => {
    for (const door of doorsOf(row)) {
      const where = `${row.id} ${row.what}, ${door}`
      const answer = await ask(row, door, asked).catch((error: unknown) => {
        throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      })
      const parsed = shapeAt(row, door).safeParse(answer)
      expect(
        parsed.success,
        `${where}: ${parsed.error?.message ?? ''}\n${JSON.stringify(answer)?.slice(0, 2_000) ?? ''}`,
      ).toBe(true)
    }
  }

  test('given three peers, when the mesh and its nodes are asked about, then every door answers in the same shape', () =>
    all(nodeRows(known)))
  test('given work that runs, when it is looked at, then every door answers in the same shape', () =>
    all(workloadRows(known)))
  test('given work that is started and stopped, then every door answers in the same shape', () =>
    all(endRows(known, names)))

  test('given all nodes, when they are invoked at once, then each answers by its name', async () => {
    const replies = await asked.json('node', 'invoke', '--all', 'node.health')
    expect(replies).toMatchObject({
      ...{ succeeded: 3, failed: 0 },
      nodes: {
        'gpu-node-1': { ok: true, payload: { gpuCount: 4 } },
        'gpu-node-2': { ok: true },
        'gpu-node-3': { ok: true },
      },
    })
    const table = await asked.cli('node', 'invoke', '--nodes', 'gpu-node-1,gpu-node-2', 'gpu.metrics')
    expect(table).toMatchObject({ code: 0 })
    expect(table.stdout).toMatch(/gpu-node-1 +ok/)
    const labelled = await asked.json('node', 'invoke', '-l', 'rack=b2', 'gpu.list')
    expect(labelled).toMatchObject({ succeeded: 1, nodes: { 'gpu-node-1': { ok: true } } })
  })

  test('given nodes of which only one can, when they are invoked, then the exit code says so', async () => {
    const reply = await asked.cli('--json', 'node', 'invoke', '--all', 'workload.inspect', '{"name":"trainer"}')
    expect(reply.code).toBe(8)
    expect(JSON.parse(reply.stdout)).toMatchObject({
      ...{ succeeded: 1, failed: 2 },
      nodes: { 'gpu-node-2': { ok: false, error: { code: 'WORKLOAD_NOT_FOUND' } } },
    })
    expect((await asked.cli('node', 'invoke', '--all', 'workload.inspect', '{"name":"nobody"}')).code).toBe(4)
  })

  test('given a deadline, when the work takes longer, then the caller is told in time and the node has stopped', async () => {
    const began = performance.now()
    const program = { command: ['sleep', '61'], timeoutMs: 60_000 }
    const reply = await asked.cli(
      'node',
      'invoke',
      '--timeout',
      '2s',
      'gpu-node-1',
      'system.run',
      JSON.stringify(program),
    )
    expect(reply.code).toBe(2)
    expect(reply.stderr).toContain('DEADLINE_EXCEEDED')
    expect(performance.now() - began).toBeLessThan(8_000)
    const left = { command: ['pgrep', '-f', '-x', 'sleep 61'] }
    await eventually(
      'nothing is left of it',
      5_000,
      () => asked.json<{ exitCode: number }>('node', 'invoke', 'gpu-node-1', 'system.run', JSON.stringify(left)),
      ({ exitCode }) => exitCode === 1,
    )
  })

  test('given a key, when the same is invoked again, then it has run once and the reply is the first one’s', async () => {
    const words = ['node', 'invoke', '--idempotency-key', 'once', 'gpu-node-1', 'workload.run']
    const params = JSON.stringify({ image: labImage, command: ['sleep', '600'], memory: '32m' })
    const first = await asked.json(...words, params)
    // Through another peer it is the same invocation still: the node that runs it remembers.
    expect(await mesh.get(2).json(...words, params)).toEqual(first)
  })

  test('a command that nobody knows, and a key that it does not know, are refused with the nearest', async () => {
    const unknown = await asked.cli('node', 'invoke', 'gpu-node-1', 'workload.stat')
    expect(unknown).toMatchObject({ code: 4, stderr: expect.stringMatching(/did you mean workload\.\w+\?/) as string })
    const key = await asked.cli('node', 'invoke', 'gpu-node-1', 'workload.run', '{"image":"x","gpuz":1}')
    expect(key).toMatchObject({ code: 5, stderr: expect.stringContaining('did you mean gpus?') as string })
  })
})
