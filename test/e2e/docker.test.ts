/** Containers on a real engine with simulated GPUs, from the command line to the device files. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { containersOf, DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage, sharedFolder } from '../support/lab-docker.ts'
import { type Daemon, eventually, type Reply, type WorkloadInfo } from '../support/mesh.ts'

const lookAtGpus = 'ls /dev | grep -E "^nvidia[0-9]+$"; nvidia-smi -L'

const deviceFilesIn = (output: string): readonly string[] => output.match(/^nvidia\d+$/gm) ?? []
const uuidsIn = (output: string): readonly string[] => output.match(/GPU-[0-9a-f-]+(?=\))/g) ?? []

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let daemon: Daemon

  beforeAll(async () => {
    mesh = new DockerMesh()
    daemon = await mesh.addDocker('one')
  })
  afterAll(() => mesh.stop())

  const info = (name: string): Promise<WorkloadInfo> => daemon.json('workload', 'info', name)
  const reaches = (name: string, ...states: readonly string[]): Promise<WorkloadInfo> =>
    eventually(
      `${name} is ${states.join(' or ')}`,
      30_000,
      () => info(name),
      ({ state }) => states.includes(state),
    )
  const invoke = <T>(command: string, params: object = {}): Promise<T> =>
    daemon.json('node', 'invoke', 'one', command, JSON.stringify(params))

  test('the host’s GPUs are listed as its tool tells them, and none of them as simulated by us', async () => {
    const [node] = await daemon.json<{ gpuModel: string; gpus: { simulated: boolean }[] }[]>('node', 'list')
    expect(node?.gpus).toHaveLength(4)
    expect(node?.gpuModel).toContain('A100')
    expect(node?.gpus.map(({ simulated }) => simulated)).toEqual([false, false, false, false])
  })

  test('run --gpus 2 gives exactly two devices inside the container, the two that the mesh says', async () => {
    const reply = await daemon.cli('run', '--name', 'pair', '--gpus', '2', labImage, '--', 'sh', '-c', lookAtGpus)
    expect(reply).toMatchObject({ code: 0 })
    expect(deviceFilesIn(reply.stdout)).toHaveLength(2)
    expect(uuidsIn(reply.stdout)).toHaveLength(2)
    expect(uuidsIn(reply.stdout).toSorted()).toEqual([...(await info('pair')).devices].toSorted())
  })

  test('a container that asked for no GPU has none', async () => {
    const script = `${lookAtGpus} 2>/dev/null; true`
    const reply = await daemon.cli('run', '-e', 'NVIDIA_VISIBLE_DEVICES=all', labImage, '--', 'sh', '-c', script)
    expect(reply).toMatchObject({ code: 0, stdout: '' })
  })

  test('two workloads never share a GPU, and a third waits until one of them has ended', async () => {
    const names = ['left', 'right', 'late']
    const submit = (name: string): Promise<unknown> =>
      daemon.json('run', '-d', '--name', name, '--gpus', '2', labImage, '--', 'sh', '-c', `${lookAtGpus}; sleep 120`)
    for (const name of names) await submit(name)
    for (const name of ['left', 'right']) await reaches(name, 'running')
    expect(await info('late')).toMatchObject({ state: 'pending', devices: [] })

    const seenBy = (name: string): Promise<readonly string[]> =>
      eventually(
        `${name} has told its GPUs`,
        15_000,
        async () => uuidsIn((await daemon.cli('logs', name)).stdout),
        (uuids) => uuids.length >= 2,
      )
    const [left, right] = [await seenBy('left'), await seenBy('right')]
    expect(new Set([...left, ...right]).size).toBe(4)

    expect((await daemon.cli('stop', 'left')).code).toBe(0)
    await reaches('late', 'running')
    expect([...(await seenBy('late'))].toSorted()).toEqual([...left].toSorted())
    for (const name of ['right', 'late']) expect((await daemon.cli('stop', name)).code).toBe(0)
    expect((await containersOf((await info('left')).id)).every(({ State }) => !State.Running)).toBe(true)
  })

  test.each([
    {
      name: 'hungry',
      options: ['--memory', '32m'],
      command: ['tail', '/dev/zero'],
      code: 'OOM_KILLED',
      exit: 137,
      exitCode: 137,
    },
    {
      name: 'slow',
      options: ['--timeout', '2s', '--stop-grace', '1s'],
      command: ['sleep', '120'],
      code: 'WORKLOAD_TIMEOUT',
      exit: 124,
      exitCode: 143,
    },
    {
      name: 'wrong',
      options: [],
      command: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      code: 'NONZERO_EXIT',
      exit: 3,
      exitCode: 3,
    },
  ])('$code: the exit code of run, its error and workload info all say so', async (row) => {
    const { name, options, command, code, exit, exitCode } = row
    const reply = await daemon.cli('--json', 'run', '--name', name, ...options, labImage, '--', ...command)
    expect(reply.code).toBe(exit)
    expect(errorIn(reply)).toMatchObject({ code, hint: expect.stringMatching(/./) as string })
    expect(await info(name)).toMatchObject({ state: 'failed', exitCode, attempt: 1, error: { code } })
    const [container] = await containersOf((await info(name)).id)
    expect(container?.State.Running ?? false).toBe(false)
  })

  test('IMAGE_NOT_FOUND: the exit code of run, its error and workload info all say so', async () => {
    const reply = await daemon.cli('--json', 'run', '--name', 'nowhere', 'localhost:1/nothing/here:1')
    expect(reply.code).toBe(4)
    expect(errorIn(reply)).toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    expect(await info('nowhere')).toMatchObject({ state: 'failed', exitCode: null, error: { code: 'IMAGE_NOT_FOUND' } })
  })

  test('without --json the error is told in words, with the output of the workload where it belongs', async () => {
    const reply = await daemon.cli('run', labImage, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7')
    expect(reply).toMatchObject({ code: 7, stdout: 'out\n' })
    expect(reply.stderr).toMatch(/^err$/m)
    const late = await daemon.cli('run', '--timeout', '1s', '--stop-grace', '0s', labImage, '--', 'sleep', '60')
    expect(late.code).toBe(124)
    expect(late.stderr).toContain('error[WORKLOAD_TIMEOUT]')
  })

  test('every parameter of workload.run through node invoke reaches the engine', async () => {
    const made = await invoke<{ containerId: string; workloadId: string; image: string; success: boolean }>(
      'workload.run',
      {
        image: labImage,
        name: 'full',
        gpus: 1,
        command: ['sh', '-c', 'echo "$PORT on $(ls /dev | grep -cE "^nvidia[0-9]+$")"; echo oops >&2; sleep 120'],
        env: ['PORT=8080', 'DEBUG=true'],
        volumes: [`${sharedFolder}:/container/data:ro`],
        detach: true,
        memory: '64m',
        cpu: 0.5,
        shmSize: '32m',
      },
    )
    expect(made).toMatchObject({ image: labImage, success: true, error: null })
    const [container, ...more] = await containersOf(made.workloadId)
    expect(more).toEqual([])
    expect(container?.Id).toBe(made.containerId)
    const { warnings } = await daemon.json<{ warnings: string[] }>('workload', 'info', made.workloadId)
    expect(warnings).toEqual([expect.stringContaining('runs as root') as string])
    expect(container?.HostConfig).toMatchObject({
      Memory: 64 * 2 ** 20,
      NanoCpus: 5e8,
      ShmSize: 32 * 2 ** 20,
    })
    expect(container?.Config.Labels).toMatchObject({ 'managed-by': 'clawbernetes', 'workload-id': made.workloadId })
    expect(container?.Mounts).toMatchObject([{ Source: sharedFolder, Destination: '/container/data', RW: false }])

    const { containerId } = made
    const logs = await eventually(
      'its output is there',
      15_000,
      () => invoke<{ logs: string; stderr: string }>('workload.logs', { containerId, tail: 100 }),
      ({ stderr }) => stderr !== '',
    )
    expect(logs).toMatchObject({ logs: '8080 on 1\n', stderr: 'oops\n' })
    const list = await invoke<{ count: number; workloads: { containerId: string; gpus: string[] }[] }>('workload.list')
    expect(list.workloads.find((one) => one.containerId === containerId)?.gpus).toHaveLength(1)
    expect(await invoke('workload.inspect', { containerId })).toMatchObject({
      ...{ containerId, workloadId: made.workloadId, state: 'running', exitCode: null, image: labImage },
    })
    expect(await invoke('workload.stats', { containerId })).toMatchObject({ memoryLimitMib: 64 })

    expect(await invoke('workload.stop', { name: 'full', force: true })).toMatchObject({ success: true })
    await reaches('full', 'stopped')
    const ended = await containersOf(made.workloadId)
    expect(ended.every(({ State }) => !State.Running)).toBe(true)
  })

  test('workload.run with detach off answers when the container has ended, with its exit code', async () => {
    const params = { image: labImage, command: ['sh', '-c', 'exit 5'], detach: false }
    const ended = await invoke<object>('workload.run', params)
    expect(ended).toMatchObject({ success: false, state: 'failed', exitCode: 5, error: { code: 'NONZERO_EXIT' } })
  })
})

/** The error on stderr: exactly one line of JSON. */
function errorIn({ stderr }: Reply): unknown {
  const [line = '', ...more] = stderr.trim().split('\n')
  expect(more).toEqual([])
  return (JSON.parse(line) as { error: unknown }).error
}
