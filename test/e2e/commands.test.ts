/** Everything that was promised of nodes and workloads, asked for through every door of a real mesh on the real engine. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, doorsOf, shapeAt, type Row } from '../support/command-table.ts'
import { DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labDocker, labImage, sharedFolder } from '../support/lab-docker.ts'
import { type Daemon, eventually, type Reply } from '../support/mesh.ts'
import { deploymentRows, imageRows, specRows } from '../support/promises/deployments.ts'
import { endRows } from '../support/promises/ends.ts'
import { keptRows } from '../support/promises/kept.ts'
import { nodeRows } from '../support/promises/nodes.ts'
import type { Known } from '../support/promises/shapes.ts'
import { workloadRows } from '../support/promises/work.ts'
import { invocationsIn, makeSeedImages, replaced, type SeedImages, SeedShell, seedText } from '../support/seeds.ts'

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let asked: Daemon
  let known: Known
  let images: SeedImages | null = null
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
  afterAll(async () => {
    await mesh.stop()
    await images?.remove()
  })

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

  test('given deployments, from their first revision to their end, then every door answers in the same shape', () =>
    all(deploymentRows(known, { cli: 'dep-cli', rest: 'dep-rest', invoke: 'dep-invoke' })))

  test('given what a mesh keeps, then every door answers in the same shape', () => all(keptRows(known)))

  test('given files and images, then every door answers in the same shape', async () => {
    const toml = join(mesh.directory, 'workload.toml')
    const yaml = join(mesh.directory, 'workload.yaml')
    writeFileSync(toml, `[workload]\nname = "from-toml"\nimage = "${labImage}"\ncommand = ["sleep", "600"]\n`)
    writeFileSync(
      yaml,
      `apiVersion: clawbernetes/v1\nkind: Workload\nmetadata: { name: from-yaml }\nspec: { image: ${labImage}, command: [sleep, "600"] }\n`,
    )
    await all(specRows({ toml, yaml }))
    await all(imageRows(known))
    for (const name of ['from-yaml', 'scaled-run', 'from-toml'])
      expect((await asked.cli('stop', name, '--force', '--no-wait')).code).toBe(0)
  })

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

  describe('what the guides say', () => {
    let shell: SeedShell
    let made: SeedImages
    beforeAll(async () => {
      images = await makeSeedImages(labDocker ?? '')
      made = images
      shell = new SeedShell(mesh.directory, asked)
      // All GPUs are needed.
      const running = await asked.json<{ id: string }[]>('workload', 'list', '--running')
      await asked.cli('stop', '--force', '--yes', ...running.map(({ id }) => id))
    })

    const run = async (script: string): Promise<Reply> => {
      const reply = await shell.run(script)
      expect(reply.code, `${reply.stdout.slice(-1_500)}\n${reply.stderr.slice(-2_500)}`).toBe(0)
      return reply
    }

    test('the fleet skill runs as it is written', async () => {
      shell.put(
        'workload.yaml',
        `apiVersion: clawbernetes/v1\nkind: Workload\nmetadata: { name: template }\nspec: { image: ${made.job}, gpus: { count: 1 } }\n`,
      )
      const { stdout, stderr } = await run(
        replaced(seedText('000-fleet.sh'), [
          ['pytorch/pytorch:2.1-cuda12.1-runtime', made.job],
          ['--memory 64Gi', '--memory 64Mi'],
          // The lab's engine and the daemons' own folders are below /tmp.
          ['--mount /tmp:/data', `--mount ${sharedFolder}:/data`],
          ['<image>', made.job],
          ['<n>', '1'],
          ['<node-id>', 'gpu-node-1'],
          ['<id-of-node>', 'gpu-node-1'],
          ['<id>', 'gpt-finetune-exp1'],
          ['ws://your-gateway:9000', `ws://${asked.api}`],
        ]),
      )
      expect(stdout).toContain('hello from train.py --epochs 100 --batch-size 32')
      expect(stderr).toContain('ERROR: CUDA out of memory')
    })

    test('the user guide runs as it is written', async () => {
      shell.put(
        'workload.toml',
        replaced(seedText('workload.toml'), [
          ['vllm/vllm:latest', made.server],
          ['gpus = 4', 'gpus = 1'],
          ['"H100"  #', '"A100"  #'],
          ['80000', '64'],
        ]),
      )
      const [most = '', onHotNodes = ''] = replaced(seedText('001-guide.sh'), [
        ['nvidia/cuda:12.0-runtime', made.job],
        ['pytorch/pytorch:latest', made.job],
        ['vllm/vllm:latest', made.job],
        ['--memory 80000', '--memory 64'],
        ['http://gateway:8080', `http://${asked.api}`],
      ]).split('# Thermal issues')
      const { stdout } = await run(most)
      expect(stdout).toMatch(/llm-inference .*3 of 3 ready/)
      expect(stdout).toContain('UUID: GPU-')
      // No other node has GPUs, and a drain waits two minutes for others to take over from the replicas of a deployment.
      await asked.cli('deploy', 'delete', 'llm-inference', '--yes')
      await run(onHotNodes)
    })

    test('the workload manager’s requests run as they are written', async () => {
      const text = replaced(seedText('002-workload-manager.txt'), [
        ['nginx:latest', made.server],
        ['pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime', made.job],
        ['vllm/vllm-openai:latest', made.server],
        ['myapp:v2.0', made.server],
        ['myapp:v3.0', made.newer],
        ['"gpus": 1,\n  "memory": "8g"', '"gpus": 0,\n  "memory": "64m"'],
        ['"32g"', '"64m"'],
        ['"16g"', '"64m"'],
        ['/host/data', sharedFolder],
        ['/data/datasets', sharedFolder],
        ['/data/checkpoints', sharedFolder],
      ])
      let container = ''
      let deployment = ''
      const status = (): Promise<DeploymentNow> => asked.json('deploy', 'status', deployment)
      const isActive = ({ state }: DeploymentNow): boolean => state === 'active'
      const ready: Readonly<Record<string, (now: DeploymentNow) => boolean>> = {
        'deploy.update': isActive,
        'deploy.promote': ({ rollout }) => rollout?.stage === 'canary',
        'deploy.rollback': isActive,
      }
      for (const { command, params } of invocationsIn(text)) {
        const awaited = ready[command]
        if (awaited !== undefined) await eventually(`it is time for ${command}`, 60_000, status, awaited)
        const filled = params.replaceAll('abc123', container).replaceAll('<id>', deployment)
        const reply = await asked.json<Answered>('node', 'invoke', 'gpu-node-1', command, filled)
        if (command === 'workload.run') {
          expect(reply).toMatchObject({ success: true, image: expect.any(String) as string })
          if (container === '') container = reply.containerId ?? ''
        }
        if (command === 'deploy.create') deployment = reply.deploymentId ?? ''
        if (command === 'container.exec') expect(reply).toMatchObject({ exitCode: 0, stdout: 'hello\n', success: true })
      }
      expect([container, deployment]).not.toContain('')
    })

    test('a client that only listens at the WebSocket hears of the mesh', async () => {
      const token = readFileSync(join(asked.dataDir, 'api-token'), 'utf8').trim()
      const socket = new WebSocket(`ws://${asked.api}/api/ws`, ['clawbernetes.v1', `bearer.${token}`])
      const types = new Set<string>()
      socket.on('message', (data) => types.add((JSON.parse((data as Buffer).toString()) as { type: string }).type))
      await expect.poll(() => types.has('MetricsUpdate'), { timeout: 10_000 }).toBe(true)
      await asked.cli('run', '--gpus', '0', labImage, '--', 'true')
      await expect
        .poll(() => [...types].toSorted(), { timeout: 10_000 })
        .toEqual(expect.arrayContaining(['WorkloadAssigned', 'WorkloadCreated', 'WorkloadStateChanged']))
      socket.terminate()
    })
  })
})

interface DeploymentNow {
  readonly state: string
  readonly rollout: { readonly stage: string } | null
}

interface Answered {
  readonly containerId?: string
  readonly deploymentId?: string
}
