/** Volumes on a real engine: work goes where its data is, copies bring back what was there, and what is in use stays. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { DockerMesh, hasLab, onDocker } from '../support/docker-mesh.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'
import { type Daemon, eventually, type WorkloadInfo } from '../support/mesh.ts'

interface Volume {
  readonly name: string
  readonly node: string | null
  readonly users: readonly string[]
  readonly snapshots: readonly { readonly id: string; readonly sha256: string }[]
}

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let one: Daemon
  /** The nodes, as the names of their volumes end. */
  const ids: string[] = []

  beforeAll(async () => {
    mesh = new DockerMesh()
    one = await mesh.addDocker('one')
    const two = await mesh.add('two', { ...onDocker, environment: { CLAWNODE_GPU_AUTO_DETECT: 'false' } })
    for (const daemon of [one, two]) ids.push((await daemon.json<{ id: string }>('gateway', 'ping')).id)
  })
  afterAll(async () => {
    await mesh.stop()
    for (const id of ids) await removeContainers(labDocker ?? '', `claw.node=${id}`)
    const docker = connectEngine(labDocker ?? '')
    await Promise.all((await engineVolumes()).map((name) => docker.getVolume(name).remove()))
  })

  const engineVolumes = async (): Promise<readonly string[]> => {
    const { Volumes } = await connectEngine(labDocker ?? '').listVolumes()
    return Volumes.map(({ Name }) => Name).filter((name) => ids.some((id) => name.includes(`-${id.slice(-8)}-`)))
  }

  const run = async (name: string, script: string, ...options: readonly string[]): Promise<WorkloadInfo> => {
    const words = ['run', '-d', '--name', name, ...options]
    await one.json(...words, labImage, '--', 'sh', '-c', script)
    return eventually(
      `${name} has ended`,
      30_000,
      () => one.json<WorkloadInfo>('workload', 'info', name),
      ({ state }) => ['completed', 'failed'].includes(state),
    )
  }
  const output = async (name: string): Promise<string> => (await one.cli('logs', name)).stdout.trim()
  const info = (): Promise<Volume> => one.json<Volume>('volume', 'info', 'data')

  test('given a volume, when work writes and other work reads, then both ran where the data is, also when others are free', async () => {
    await one.json('volume', 'create', 'data', '--node', 'two')
    expect(await run('writer', 'echo first > /data/file', '--volume', 'data:/data')).toMatchObject({
      state: 'completed',
    })
    const reader = await run('reader', 'cat /data/file', '--volume', 'data:/data:ro')
    expect([reader.node, await output('reader')]).toEqual(['two', 'first'])
    const misplaced = await one.cli(
      'run',
      '-d',
      '--name',
      'nowhere',
      '--node',
      'one',
      '--volume',
      'data:/data',
      labImage,
    )
    expect(misplaced.code).toBe(0)
    const waiting = await eventually(
      'it says why it waits',
      15_000,
      () => one.json<{ reason: string | null }>('workload', 'info', 'nowhere'),
      ({ reason }) => reason !== null,
    )
    expect(waiting.reason).toContain('not the data of the volume data')
    const busy = await one.cli('volume', 'delete', 'data')
    expect([busy.code, busy.stderr]).toEqual([7, expect.stringContaining('VOLUME_BUSY')])
    await one.json('stop', 'nowhere')
  })

  test('given a snapshot, when the data is changed and the snapshot restored, then it is as it was', async () => {
    const { id } = await one.json<{ id: string }>('volume', 'snapshot', 'data')
    await run('spoiler', 'rm /data/file; echo second > /data/other', '--volume', 'data:/data')
    await one.json('volume', 'restore', 'data', id)
    await run('looker', 'ls /data; cat /data/file', '--volume', 'data:/data')
    expect(await output('looker')).toBe('file\nfirst')
    expect((await info()).snapshots).toMatchObject([{ id }])
    await one.json('volume', 'forget', 'data', id)
    expect((await one.cli('volume', 'restore', 'data', id)).stderr).toContain('SNAPSHOT_NOT_FOUND')
  })

  test('given memory of a size, and a directory that is not allowed, then the one is kept to and the other refused', async () => {
    await one.json('volume', 'create', 'scratch', '--type', 'tmpfs', '--size', '4Mi')
    const script = 'dd if=/dev/zero of=/s/a bs=1M count=16 2>/dev/null; du -k /s/a | cut -f1'
    await run('filler', script, '--volume', 'scratch:/s')
    expect(Number(await output('filler'))).toBeLessThanOrEqual(4_096)
    const etc = await one.cli('volume', 'create', 'etc', '--type', 'hostpath', '--host-path', '/etc')
    expect([etc.code, etc.stderr]).toEqual([3, expect.stringContaining('MOUNT_DENIED')])
    await one.json('volume', 'create', 'opt', '--type', 'hostpath', '--host-path', '/opt', '--access', 'ROX')
    const refused = await run('thief', 'ls /o', '--volume', 'opt:/o')
    expect([refused.state, refused.error?.code]).toEqual(['failed', 'CONTAINER_FAILED'])
  })

  test('given a volume that nothing uses, when it is deleted, then the engine has it no more', async () => {
    expect((await engineVolumes()).some((name) => name.endsWith('-data'))).toBe(true)
    await one.json('volume', 'delete', 'data')
    expect((await engineVolumes()).some((name) => name.endsWith('-data'))).toBe(false)
  })
})
