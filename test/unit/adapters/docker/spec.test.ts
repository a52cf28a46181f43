import { expect, test } from 'vitest'
import { gpuGrant, gpuWays } from '../../../../src/adapters/docker/gpu-grant.ts'
import { labelsOf, readLabels } from '../../../../src/adapters/docker/labels.ts'
import { PullProgress } from '../../../../src/adapters/docker/pull-progress.ts'
import { requireFilter, safetyOf, strict } from '../../../../src/adapters/docker/confinement.ts'
import { mountsOf } from '../../../../src/adapters/docker/mounts.ts'
import { runtimeFor, sandboxesIn } from '../../../../src/adapters/docker/sandboxes.ts'
import { containerOf } from '../../../../src/adapters/docker/spec.ts'
import { profiles } from '../../../../src/model/container-profile.ts'
import type { GpuDevice } from '../../../../src/model/gpu.ts'
import { withTag } from '../../../../src/model/image.ts'
import { meshId, nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import type { Task } from '../../../../src/ports/executor.ts'
import { gpuDevice } from '../../../support/gpu-device.ts'

const gpu = (uuid: string, parts: Partial<GpuDevice> = {}): GpuDevice =>
  gpuDevice({ uuid, model: 'NVIDIA H100', ...parts })

const workload = workloadId('wl-a')
const task = (spec: object, devices: readonly GpuDevice[] = []): Task => ({
  placement: placementId(workload, 2),
  workload,
  attempt: 2,
  term: 7,
  env: {},
  mesh: meshId('mesh-1'),
  node: nodeId('node'),
  name: 'train',
  spec: WorkloadSpec.parse({ image: 'x', ...spec }),
  devices,
})

const plain = { cdi: false, cdiDevices: [], nvidiaByDefault: false }
const settled = {
  ...{ image: { name: 'x', digest: null }, mounts: [], openFiles: 1_024, mapsUsers: false },
  config: { user: '', variables: ['PATH', 'LD_PRELOAD', 'NVIDIA_IMEX_CHANNELS', 'NVIDIA_VISIBLE_DEVICES'] },
}
const noGpus = gpuGrant([], 'hook', plain)

test('every parameter arrives at the engine', () => {
  const spec = {
    command: ['train', '--fast'],
    entrypoint: ['python', '-m'],
    workdir: '/app',
    user: 'nobody:nogroup',
    env: { A: '1', NVIDIA_VISIBLE_DEVICES: 'all' },
    memoryMib: 64,
    cpus: 1.5,
    shmMib: 2,
  }
  const { Image, Entrypoint, Cmd, WorkingDir, User, Env, HostConfig } = containerOf(task(spec), {
    ...{ ...settled, grant: noGpus, name: 'claw-train-2' },
    mounts: [{ Type: 'volume', Source: 'cache', Target: '/cache', ReadOnly: false }],
  })
  expect({ Image, Entrypoint, Cmd, WorkingDir, User, Env }).toEqual({
    Image: 'x',
    Entrypoint: ['python', '-m'],
    WorkingDir: '/app',
    User: 'nobody:nogroup',
    Cmd: ['train', '--fast'],
    // Nobody gives himself GPUs by asking for them in the environment.
    Env: ['A=1', 'NVIDIA_VISIBLE_DEVICES=void', 'NVIDIA_IMEX_CHANNELS'],
  })
  expect(HostConfig).toMatchObject({
    Mounts: [{ Type: 'volume', Source: 'cache', Target: '/cache', ReadOnly: false }],
    Memory: 67_108_864,
    MemorySwap: 67_108_864,
    NanoCpus: 1_500_000_000,
    ShmSize: 2_097_152,
    Init: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    ReadonlyRootfs: false,
    PidsLimit: 4_096,
    IpcMode: 'private',
    Ulimits: [{ Name: 'nofile', Soft: 1_024, Hard: 1_024 }],
  })
  expect(HostConfig?.CapAdd).toEqual(profiles.own.capabilities)
})

const hostOf = (spec: object) => containerOf(task(spec), { ...settled, grant: noGpus, name: 'n' })

test('what is asked for beyond that is what is given, and no more', () => {
  const { HostConfig } = hostOf({
    ...{ readOnly: true, tmpfs: [{ target: '/cache', sizeMib: 32 }] },
    privileges: ['cap-SYS_PTRACE', 'host-pid'],
  })
  expect(HostConfig).toMatchObject({
    ReadonlyRootfs: true,
    Tmpfs: { '/cache': 'rw,nosuid,nodev,exec,size=32m' },
    CapAdd: [...profiles.own.capabilities, 'SYS_PTRACE'],
    ...{ PidMode: 'host', IpcMode: 'private', SecurityOpt: ['no-new-privileges:true'] },
  })
  expect(HostConfig?.Privileged).toBe(undefined)
  expect(hostOf({ offline: true }).HostConfig?.NetworkMode).toBe('none')
  expect(hostOf({ privileges: ['privileged'] }).HostConfig).toMatchObject({ Privileged: true })
})

test('a stranger is nobody, whatever is asked for, and neither the image nor the work says what is loaded into it', () => {
  const { User, Env, HostConfig } = hostOf({
    ...{ isolation: 'guest', user: '0', network: 'host', privileges: ['privileged', 'cap-SYS_ADMIN', 'host-pid'] },
    ...{ env: { LD_AUDIT: '/x', A: '1' }, shmMib: 8_192 },
  })
  expect({ User, Env }).toEqual({
    User: '65534:65534',
    Env: ['A=1', 'NVIDIA_VISIBLE_DEVICES=void', 'LD_PRELOAD', 'NVIDIA_IMEX_CHANNELS'],
  })
  expect(HostConfig).toMatchObject({
    ...{ CapDrop: ['ALL'], CapAdd: [], ReadonlyRootfs: true, PidsLimit: 512, ShmSize: 1_024 * 1_048_576 },
    Tmpfs: { '/tmp': 'rw,nosuid,nodev,noexec,size=256m' },
  })
  for (const key of ['Privileged', 'PidMode', 'NetworkMode']) expect(HostConfig).not.toHaveProperty(key)
})

test.each([
  [{}, '', 'true'],
  [{ user: '1000' }, '', undefined],
  [{}, 'app', undefined],
  [{ user: 'root:app' }, 'app', 'true'],
  [{ isolation: 'guest' }, '', undefined],
])('%o of an image whose user is "%s" runs as root: %s', (spec, user, isRoot) => {
  const config = { user, variables: [] }
  const labels = containerOf(task(spec), { ...settled, config, grant: noGpus, name: 'n' }).Labels
  expect(labels?.['claw.root']).toBe(isRoot)
})

test.each([
  [['name=seccomp,profile=builtin'], true, false],
  [['name=apparmor', 'name=seccomp,profile=default', 'name=userns'], true, true],
  [['name=seccomp,profile=unconfined'], false, false],
  [['name=rootless'], false, true],
  [[], false, false],
])('an engine that says %o filters system calls: %s, and maps users: %s', (options, hasSeccomp, mapsUsers) => {
  const safety = safetyOf(options)
  expect(safety).toEqual({ hasSeccomp, mapsUsers })
  if (!hasSeccomp) expect(() => requireFilter(safety, strict)).toThrow('filters no system calls')
  requireFilter(safety, { ...strict, allowUnfiltered: true })
})

test.each(['/', '/proc/1', '/sys', '/var/run/docker.sock', '/data/../etc', '../up', 'a/b'])(
  'the host path %s is not mounted',
  async (source) => {
    const { spec } = task({ mounts: [{ source, target: '/x' }], privileges: ['host-paths'] })
    await expect(mountsOf(spec, strict)).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
  },
)

test('labels say all that a restarted daemon must know', () => {
  const ports = [
    { port: 8_080, given: 20_417 },
    { port: 9_000, given: 9_000 },
  ]
  const given = {
    ...task({ timeoutMs: 5_000, memoryMib: 64, stopGraceMs: 3_000 }, [gpu('GPU-1'), gpu('GPU-2')]),
    ports,
    network: 'clawbr',
  }
  expect(readLabels(labelsOf(given))).toEqual({
    placement: given.placement,
    workload,
    mesh: given.mesh,
    node: given.node,
    devices: ['GPU-1', 'GPU-2'],
    timeout: 5_000,
    stopGrace: 3_000,
    limitMib: 64,
    ports,
    network: 'clawbr',
  })
  expect(readLabels({ 'managed-by': 'someone else' })).toBeNull()
})

test('real devices are given by exact name: by CDI where the engine found them, else by the hook', () => {
  const devices = [gpu('GPU-1'), gpu('GPU-2')]
  const names = ['nvidia.com/gpu=GPU-1', 'nvidia.com/gpu=GPU-2']
  expect(gpuWays(devices, { ...plain, cdi: true, cdiDevices: names })).toEqual(['cdi'])
  expect(gpuWays(devices, { ...plain, cdi: true })).toEqual(['hook', 'cdi'])
  expect(gpuWays([gpu('x', { vendor: 'amd' })], plain)).toEqual([])
  expect(gpuGrant(devices, 'hook', plain)).toMatchObject({
    requests: [{ DeviceIDs: ['GPU-1', 'GPU-2'], Capabilities: [['gpu']] }],
    deviceFiles: 2,
  })
  expect(gpuGrant(devices, 'cdi', plain).requests).toEqual([{ Driver: 'cdi', DeviceIDs: names }])
})

test('MIG instances of one GPU share its device file', () => {
  const slice = (uuid: string): GpuDevice => gpu(uuid, { mig: { profile: '1g.10gb', parent: 'GPU-1' } })
  expect(gpuGrant([slice('MIG-1'), slice('MIG-2')], 'hook', plain).deviceFiles).toBe(1)
})

test('simulated devices are names in the environment, and nothing is asked of the engine', () => {
  expect(gpuGrant([gpu('SIM-1', { simulated: true })], 'hook', plain)).toEqual({
    requests: [],
    env: { CLAW_SIMULATED_GPUS: 'SIM-1', NVIDIA_VISIBLE_DEVICES: 'SIM-1' },
    deviceFiles: null,
  })
})

test('an image without a tag is its latest, wherever its registry listens', () => {
  expect(withTag('busybox')).toBe('busybox:latest')
  expect(withTag('host:5000/a/b')).toBe('host:5000/a/b:latest')
  expect(withTag('host:5000/a/b:1')).toBe('host:5000/a/b:1')
  expect(withTag('a@sha256:00')).toBe('a@sha256:00')
})

test('the progress of a pull adds up over layers, and counts unpacking once', () => {
  const progress = new PullProgress()
  expect(progress.at(0).text).toBe('pulling image')
  progress.add({ id: 'latest', status: 'Pulling from x' })
  progress.add({ id: '0123456789ab', status: 'Already exists' })
  progress.add({ id: '0123456789ac', status: 'Downloading', progressDetail: { current: 1_048_576, total: 4_194_304 } })
  expect(progress.at(1_000).text).toBe('pulling image: 1 of 2 layers, 1 of 4 MiB, 1.0 MiB/s, 3 s left')
  progress.add({ id: '0123456789ac', status: 'Extracting', progressDetail: { current: 5, total: 4_194_304 } })
  progress.add({ id: '0123456789ac', status: 'Pull complete' })
  expect(progress.at(2_000)).toMatchObject({
    text: 'pulling image: 2 of 2 layers, 4 of 4 MiB, 2.0 MiB/s',
    layers: { done: 2, total: 2 },
  })
})

test('a sandbox is a runtime that the engine must have', () => {
  const all = sandboxesIn(['io.containerd.runc.v2', 'runc', 'runsc'])
  expect([...all]).toEqual([['gvisor', 'runsc']])
  expect(runtimeFor(undefined, all)).toBeUndefined()
  expect(runtimeFor('gvisor', all)).toBe('runsc')
  expect(() => runtimeFor('kata', all)).toThrow('no runtime for kata')
  const made = containerOf(task({ sandbox: 'gvisor' }), { ...settled, grant: noGpus, name: 'n', runtime: 'runsc' })
  expect(made.HostConfig?.Runtime).toBe('runsc')
})

test('a task that is told whom to ask for names has its container ask them, and no other has', () => {
  const resolver = { servers: ['10.100.0.1', '192.0.2.53'], search: ['team-a.claw'] }
  const asks = (one: Task) => {
    const { Dns, DnsSearch, DnsOptions } = containerOf(one, { ...settled, grant: noGpus, name: 'c' }).HostConfig ?? {}
    return { Dns, DnsSearch, DnsOptions }
  }
  expect(asks({ ...task({}), resolver })).toEqual({
    ...{ Dns: resolver.servers, DnsSearch: resolver.search, DnsOptions: ['ndots:1'] },
  })
  expect(asks(task({}))).toEqual({ Dns: undefined, DnsSearch: undefined, DnsOptions: undefined })
})

test.each([
  ['own work', {}, 'clawbr'],
  ['work with the network of its node', { network: 'host' }, 'host'],
  ['work without a network', { offline: true }, 'none'],
  ['work of strangers', { isolation: 'guest' }, undefined],
] as const)('%s that is given a network of the engine is on: %s', (_, parts, mode) => {
  const container = containerOf({ ...task(parts), network: 'clawbr' }, { ...settled, grant: noGpus, name: 'c' })
  expect(container.HostConfig?.NetworkMode).toBe(mode)
})
