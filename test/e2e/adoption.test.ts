/** The daemon dies under its containers and comes back. The containers are real, and never notice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { containersOf, DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage, sharedFolder } from '../support/lab-docker.ts'
import { type Daemon, eventually, type WorkloadInfo } from '../support/mesh.ts'

interface Running {
  readonly id: string
  readonly containerId: string
  /** Lets the container end by itself. */
  end(): void
}

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let host: Daemon
  let other: Daemon
  const boxes: string[] = []

  beforeAll(async () => {
    mesh = new DockerMesh()
    host = await mesh.addDocker('host')
    other = await mesh.add('other', { gpus: '' })
    await mesh.add('third', { gpus: '' })
    await mesh.voters(3)
  })
  afterAll(async () => {
    await mesh.stop()
    for (const box of boxes) rmSync(box, { recursive: true })
  })

  const info = (name: string): Promise<WorkloadInfo> => other.json('workload', 'info', name)
  const reaches = (name: string, wanted: string): Promise<WorkloadInfo> =>
    eventually(
      `${name} is ${wanted}`,
      30_000,
      () => info(name),
      ({ state }) => state === wanted,
    )

  /** A container on the host that counts aloud until it is told to end, and then ends with this exit code. */
  async function counting(name: string, exitCode: number): Promise<Running> {
    const box = mkdtempSync(join(sharedFolder, `${name}-`))
    boxes.push(box)
    const script = `i=0; until [ -e /box/end ]; do i=$((i+1)); echo line $i; sleep 0.1; done; exit ${exitCode}`
    const { id } = await other.json<{ id: string }>(
      ...['run', '-d', '--name', name, '--node', 'host', '--gpus', '1', '--volume', `${box}:/box`],
      ...['--stop-grace', '1s', labImage, '--', 'sh', '-c', script],
    )
    await reaches(name, 'running')
    const [container] = await containersOf(id)
    return {
      id,
      containerId: container?.Id ?? 'none',
      end() {
        writeFileSync(join(box, 'end'), '')
      },
    }
  }

  const isRunning = async ({ id }: Running): Promise<boolean> =>
    (await containersOf(id)).some(({ State }) => State.Running)
  const ended = (running: Running): Promise<boolean> =>
    eventually(
      'the container has ended',
      30_000,
      () => isRunning(running),
      (is) => !is,
    )
  const lines = async (name: string): Promise<readonly string[]> =>
    (await other.cli('logs', name)).stdout.trim().split('\n')
  const counted = (all: readonly string[]): readonly string[] => all.map((_, i) => `line ${i + 1}`)

  test('a container survives kill -9 of its daemon, is adopted, goes on being followed, and its exit is reported', async () => {
    const counter = await counting('counter', 9)
    const followed = other.cli('logs', '-f', 'counter')
    await eventually(
      'it has begun to count',
      15_000,
      () => lines('counter'),
      ({ length }) => length > 5,
    )

    await host.end('SIGKILL')
    expect(await isRunning(counter)).toBe(true)
    expect(await info('counter')).toMatchObject({ state: 'running', attempt: 1 })

    await host.start()
    const adopted = await eventually(
      'it is adopted',
      30_000,
      () => other.json<object>('node', 'invoke', 'host', 'workload.inspect', '{"name":"counter"}'),
      (view) => (view as { containerId: string }).containerId === counter.containerId,
    )
    expect(adopted).toMatchObject({ state: 'running', workloadId: counter.id, exitCode: null })
    const before = (await lines('counter')).length
    await eventually(
      'it goes on counting',
      15_000,
      () => lines('counter'),
      ({ length }) => length > before,
    )
    const [node] = (
      await other.json<{ name: string; gpus: { state: string; workload: string | null }[] }[]>('node', 'list')
    ).filter(({ name }) => name === 'host')
    expect(node?.gpus.filter(({ state }) => state === 'used')).toMatchObject([{ workload: 'counter' }])

    counter.end()
    expect(await reaches('counter', 'failed')).toMatchObject({
      ...{ exitCode: 9, attempt: 1, error: { code: 'NONZERO_EXIT' } },
    })
    const { code, stdout } = await followed
    expect(code).toBe(0)
    const told = stdout.trim().split('\n')
    expect(told.length).toBeGreaterThan(before)
    expect(told).toEqual(counted(told))
    expect((await containersOf(counter.id)).map(({ Id }) => Id)).toEqual([counter.containerId])
  })

  test('an adopted container is really stopped when it is asked to', async () => {
    const stubborn = await counting('stubborn', 0)
    await host.end('SIGKILL')
    await host.start()
    expect((await other.cli('stop', 'stubborn')).code).toBe(0)
    expect(await info('stubborn')).toMatchObject({ state: 'stopped', attempt: 1 })
    expect(await isRunning(stubborn)).toBe(false)
  })

  test('a container that ends while its daemon is away is reported when it is back, with all it has said', async () => {
    const quick = await counting('quick', 4)
    await host.end('SIGKILL')
    quick.end()
    await ended(quick)
    expect(await info('quick')).toMatchObject({ state: 'running', exitCode: null })
    await host.start()
    expect(await reaches('quick', 'failed')).toMatchObject({ exitCode: 4, attempt: 1, error: { code: 'NONZERO_EXIT' } })
    const told = await lines('quick')
    expect(told).toEqual(counted(told))
  })

  test('what was asked to stop while its daemon was away is stopped when it is back, and its GPU is free again', async () => {
    const doomed = await counting('doomed', 0)
    await host.end('SIGKILL')
    expect((await other.cli('stop', '--no-wait', 'doomed')).code).toBe(0)
    expect(await isRunning(doomed)).toBe(true)
    await host.start()
    expect(await reaches('doomed', 'stopped')).toMatchObject({ attempt: 1 })
    expect(await isRunning(doomed)).toBe(false)
    const reply = await other.cli('run', '--node', 'host', '--gpus', '4', labImage, '--', 'nvidia-smi', '-L')
    expect(reply.stdout.match(/UUID/g)).toHaveLength(4)
  })
})
