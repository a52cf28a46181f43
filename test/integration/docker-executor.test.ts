/** What only a real engine can show: devices inside containers, engines that go away, an agent that restarts over running work. */
import { linesOf } from '../../src/lib/log-block.ts'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { strict } from '../../src/adapters/docker/confinement.ts'
import { dockerExecutor } from '../../src/adapters/docker/docker-executor.ts'
import { connectEngine, dockerAvailable } from '../../src/adapters/docker/engine.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { GpuDevice } from '../../src/model/gpu.ts'
import { meshId, nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import { silent } from '../../src/ports/log.ts'
import type { Executor, Task, TaskState } from '../../src/ports/executor.ts'
import { UnixProxy } from '../support/unix-proxy.ts'
import { labDocker, labImage, removeContainersOf } from '../support/lab-docker.ts'
import { gpuDevice } from '../support/gpu-device.ts'

const address = labDocker ?? ''
const table = process.env['CLAW_LAB_GPU_TABLE'] ?? null
const mesh = meshId('mesh-00000000000000000000000000000003')
const node = nodeId('12D3KooWDockerTest')
const never = new AbortController().signal

let count = 0
const task = (script: string, spec: object = {}, devices: readonly GpuDevice[] = []): Task => {
  const workload = workloadId(`wl-i${process.pid.toString(36)}${(count += 1).toString(36)}${Date.now().toString(36)}`)
  return {
    placement: placementId(workload, 1),
    workload,
    attempt: 1,
    term: 1,
    env: {},
    mesh,
    node,
    name: workload,
    spec: WorkloadSpec.parse({ image: labImage, command: ['sh', '-c', script], ...spec }),
    devices,
  }
}

const gpus = (): readonly GpuDevice[] =>
  readFileSync(table ?? '', 'utf8')
    .split('\n')
    .slice(1)
    .filter((row) => row !== '')
    .map((row) => row.split(','))
    .map(([index = '', uuid = '', model = '', memory = '']) =>
      gpuDevice({ index: Number(index), uuid, model, memoryMib: Number(memory) }),
    )

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let executor: Executor

  beforeEach(() => {
    const confinement = { ...strict, mounts: () => ['/tmp'] }
    executor = dockerExecutor({ address, clock: systemClock, log: silent, confinement })
  })
  afterEach(async () => {
    await executor.close()
    await removeContainersOf(address, mesh)
  })

  const ended = (of: Task): Promise<Extract<TaskState, { state: 'ended' }>> =>
    new Promise((resolve) => {
      const look = (): void => {
        const status = executor.status(of.placement)?.status
        if (status?.state !== 'ended') return
        unsubscribe()
        resolve(status)
      }
      const unsubscribe = executor.onStatus(look)
      look()
    })
  const output = async (of: Task): Promise<string[]> => {
    const query = { follow: true, tail: null, from: null }
    const blocks = await Array.fromAsync(executor.logs(of.placement, query, never))
    return blocks.flatMap(linesOf).map(({ text }) => text)
  }

  test('an engine that answers is found, and one that does not is not', async () => {
    expect(await dockerAvailable(address, never)).toBe(true)
    expect(await dockerAvailable('/nowhere/docker.sock', never)).toBe(false)
  })

  test('work goes into the sandbox that it asks for, or nowhere', async () => {
    const boxed = task('echo inside', { sandbox: 'gvisor' })
    await executor.start(boxed, never)
    expect(await ended(boxed)).toMatchObject({ exitCode: 0 })
    const { Runtime } = (
      await connectEngine(address)
        .getContainer(executor.status(boxed.placement)?.handle ?? '')
        .inspect()
    ).HostConfig
    expect(Runtime).toBe('runsc')
    await expect(executor.start(task('true', { sandbox: 'kata' }), never)).rejects.toThrow('no runtime for kata')
  })

  test('strangers may be root in a sandbox, whose kernel is not that of their host', async () => {
    const guest = { isolation: 'guest', cpus: 1, memoryMib: 64, timeoutMs: 60_000 }
    await expect(executor.start(task('true', guest), never)).rejects.toThrow('maps users')
    const boxed = task('id -u; ls /sys/class/net', { ...guest, sandbox: 'gvisor', offline: true })
    await executor.start(boxed, never)
    expect(await ended(boxed)).toMatchObject({ exitCode: 0 })
    expect(await output(boxed)).toEqual(['65534', 'lo'])
  })

  describe.skipIf(table === null)('and its simulated GPUs (CLAW_LAB_GPU_TABLE)', () => {
    const look = 'ls /dev | grep -E "^nvidia[0-9]+$" | tr "\\n" " "'

    test('two devices that were given are the only two in the container', async () => {
      const [, second, , fourth] = gpus()
      const given = [second, fourth].flatMap((device) => device ?? [])
      const pair = task(look, {}, given)
      await executor.start(pair, never)
      await ended(pair)
      expect((await output(pair)).join('').trim()).toBe('nvidia1 nvidia3')
      expect(executor.status(pair.placement)?.devices).toEqual(given.map(({ uuid }) => uuid))
    })

    test('a task without devices sees none, also when it asks in its environment', async () => {
      const sly = task(`${look}; echo "<$NVIDIA_VISIBLE_DEVICES>"`, { env: { NVIDIA_VISIBLE_DEVICES: 'all' } })
      await executor.start(sly, never)
      await ended(sly)
      expect((await output(sly)).join('').trim()).toBe('<void>')
    })

    test('a device that the host does not have is GPU_NOT_VISIBLE, and no container is left', async () => {
      const [some] = gpus()
      const hopeless = task('exit 0', {}, some === undefined ? [] : [{ ...some, uuid: 'GPU-ffffffff' }])
      await expect(executor.start(hopeless, never)).rejects.toMatchObject({ code: 'GPU_NOT_VISIBLE' })
      const filters = { label: [`claw.placement=${hopeless.placement}`] }
      expect(await connectEngine(address).listContainers({ all: true, filters })).toEqual([])
    })
  })

  test('limits and shared memory are what was asked for', async () => {
    const given = task('df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2; id -u', { shmMib: 96, memoryMib: 64 })
    await executor.start(given, never)
    await ended(given)
    expect(await output(given)).toEqual([String(96 * 1_024), '0'])
  })

  test('a mount whose source is missing is CONTAINER_FAILED and does not appear on the host', async () => {
    const mounts = [{ source: '/tmp/claw-no-such-folder', target: '/in' }]
    await expect(executor.start(task('exit 0', { mounts }), never)).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
    await expect(executor.start(task('exit 0', { mounts }), never)).rejects.toThrow('bind source path does not exist')
  })

  test('two workloads of one name and attempt each get a container', async () => {
    const [one, two] = [task('sleep 60'), task('sleep 60')]
    await executor.start({ ...one, name: 'twin' }, never)
    await executor.start({ ...two, name: 'twin' }, never)
    expect(executor.status(one.placement)?.status.state).toBe('running')
    expect(executor.status(two.placement)?.status.state).toBe('running')
  })

  test('a container that someone removes is a lost task', async () => {
    const victim = task('sleep 60')
    await executor.start(victim, never)
    await removeContainersOf(address, mesh)
    expect((await ended(victim)).error?.code).toMatch(/WORKLOAD_LOST|NONZERO_EXIT/)
  })

  test('an image of a registry that nothing answers for is not found, and the reason says so', async () => {
    const remote = task('exit 0', { image: 'localhost:1/nothing/here:1' })
    const refused = expect(executor.start(remote, never)).rejects
    await refused.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('cannot be reached') as string,
    })
  })

  describe('when the engine goes away and comes back', () => {
    let proxy: UnixProxy

    beforeEach(async () => {
      proxy = await UnixProxy.to(address.replace(/^unix:\/\//, ''))
      await executor.close()
      executor = dockerExecutor({ address: proxy.path, clock: systemClock, log: silent })
    })
    afterEach(() => proxy.close())

    test('a follower gets every line once, and the end of the task is seen', async () => {
      const talker = task('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.3; done; exit 4')
      await executor.start(talker, never)
      const read: string[] = []
      const query = { follow: true, tail: null, from: null }
      for await (const block of executor.logs(talker.placement, query, never)) {
        const texts = linesOf(block).map(({ text }) => text)
        read.push(...texts)
        if (!texts.includes('2')) continue
        await proxy.cut()
        await expect(executor.version(never)).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' })
        await proxy.mend()
      }
      expect(read).toEqual(['1', '2', '3', '4', '5', '6', '7', '8'])
      expect(await ended(talker)).toMatchObject({ exitCode: 4, error: { code: 'NONZERO_EXIT' } })
    })

    test('a task that ended meanwhile is reported when it is back', async () => {
      const short = task('sleep 0.5; exit 6')
      await executor.start(short, never)
      await proxy.cut()
      const direct = connectEngine(address).getContainer(executor.status(short.placement)?.handle ?? '')
      await direct.wait()
      expect(executor.status(short.placement)?.status.state).toBe('running')
      await proxy.mend()
      expect(await ended(short)).toMatchObject({ exitCode: 6 })
    })
  })

  test('an engine that is not there is EXECUTOR_UNAVAILABLE, for every question', async () => {
    const nowhere = dockerExecutor({ address: '/nowhere/docker.sock', clock: systemClock, log: silent })
    const unavailable = { code: 'EXECUTOR_UNAVAILABLE' }
    await expect(nowhere.version(never)).rejects.toMatchObject(unavailable)
    await expect(nowhere.adopt(mesh, node, never)).rejects.toMatchObject(unavailable)
    await expect(nowhere.start(task('exit 0'), never)).rejects.toMatchObject(unavailable)
    await nowhere.close()
  })
})
