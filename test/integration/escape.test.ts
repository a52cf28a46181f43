/**
 * Ways out of a container, tried on a real engine: the one at CLAW_LAB_DOCKER. Those that are asked for have to be refused with a typed error,
 * those that are tried from inside have to fail. What this engine cannot show, since its containers have no network of their own, is that
 * work on a bridge does not reach its host, the mesh and metadata services by address: here there is no address to try.
 */
import { mkdtempSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Confinement } from '../../src/adapters/docker/confinement.ts'
import { strict } from '../../src/adapters/docker/confinement.ts'
import { dockerExecutor } from '../../src/adapters/docker/docker-executor.ts'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createState } from '../../src/core/state/state.ts'
import { violationsOf } from '../../src/core/policy/evaluate.ts'
import { ClawError, isClawError } from '../../src/model/failure.ts'
import { meshId, nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import { requirePrivileges } from '../../src/operations/privileges.ts'
import { specOf, WorkloadRequest } from '../../src/operations/workload/workload-request.ts'
import type { Executor, Task } from '../../src/ports/executor.ts'
import { silent } from '../../src/ports/log.ts'
import type { Attempt } from '../support/escapes.ts'
import {
  countsOf,
  insideTries as tries,
  mountTries,
  privilegeTries,
  sourceOf,
  strangerTries,
  told,
  wordTries,
} from '../support/escapes.ts'
import { labDocker, labImage, removeContainersOf } from '../support/lab-docker.ts'
import { runToEnd } from '../support/run-to-end.ts'
import { figure } from '../support/figure.ts'

const address = labDocker ?? ''
const mesh = meshId('mesh-00000000000000000000000000000e5c')
const node = nodeId('12D3KooWEscapeTest')
const never = new AbortController().signal
const digest = `${labImage}@sha256:${'0'.repeat(64)}`

const attempts: Attempt[] = []

/** What a door says to an input that its schema does not take. */
const rejected = new ClawError('INVALID_REQUEST', { problem: 'the schema does not take it' })

let count = 0
const task = (spec: object, name?: string): Task => {
  const workload = workloadId(`wl-e${process.pid.toString(36)}${(count += 1).toString(36)}`)
  return {
    ...{ placement: placementId(workload, 1), workload, attempt: 1, term: 1, mesh, node },
    ...{ env: {}, name: name ?? workload, devices: [] },
    spec: WorkloadSpec.parse({ image: labImage, ...spec }),
  }
}

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claw-escape-')))
  const [shared, state, outside] = ['shared', 'state', 'outside'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const engineSocket = address.replace(/^unix:\/\//, '')
  const confinement: Confinement = {
    ...strict,
    mounts: (namespace) => (namespace === 'default' ? [shared] : []),
    sealed: [state],
    allowUnmappedGuests: true,
  }
  let executor: Executor
  let hostPort = 0
  let listener: Server

  beforeAll(async () => {
    for (const path of [shared, state, outside, join(shared, 'data'), join(folder, 'shared-evil')]) mkdirSync(path)
    writeFileSync(join(state, 'identity.key'), 'canary-of-the-state-dir')
    writeFileSync(join(shared, 'data', 'hello'), 'hello\n')
    symlinkSync('/', join(shared, 'root'))
    symlinkSync('/etc', join(shared, 'etc'))
    symlinkSync(engineSocket, join(shared, 'engine'))
    symlinkSync(outside, join(shared, 'outside'))
    symlinkSync(state, join(shared, 'state'))
    symlinkSync('/dev/null', join(shared, 'device'))
    executor = dockerExecutor({ address, clock: systemClock, log: silent, confinement })
    listener = createServer((socket) => socket.end('reached'))
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
    const bound = listener.address()
    hostPort = typeof bound === 'object' && bound !== null ? bound.port : 0
  })
  afterAll(async () => {
    listener.close()
    await executor.close()
    await removeContainersOf(address, mesh)
    rmSync(folder, { recursive: true, force: true })
    process.stdout.write(told(attempts))
    figure('A10', countsOf(attempts))
  })

  /** It has to be refused, by a failure with a code. */
  async function refused(name: string, attempt: () => unknown): Promise<void> {
    try {
      await attempt()
      attempts.push({ name, stopped: null })
    } catch (error) {
      if (!isClawError(error)) throw error
      attempts.push({ name, stopped: error.code })
    }
    expect(attempts.at(-1)).toMatchObject({ name, stopped: expect.any(String) as string })
  }

  const started = (spec: object) => (): Promise<void> =>
    executor.start(task({ command: ['sleep', '30'], ...spec }), never)
  const mounted = (source: string, more: object = {}) => started({ mounts: [{ source, target: '/x' }], ...more })
  const ran = (of: Task) => runToEnd(executor, of)

  describe('given a node that is asked for it, whoever let it through', () => {
    test.each(mountTries)('%s', async (name, path) => {
      await refused(name, mounted(sourceOf(path, folder, engineSocket)))
    })

    test('mount what another namespace may', () =>
      refused('mount what another namespace may', mounted(join(shared, 'data'), { namespace: 'other' })))
    test('mount the engine’s socket with a permission for any path', async () => {
      const privileges = ['host-paths']
      await refused('mount the engine’s socket with a permission for any path', mounted(engineSocket, { privileges }))
      await refused('mount the state with a permission for any path', mounted(state, { privileges }))
    })
    test('as a stranger, mount what is allowed to others', async () => {
      await refused(
        'as a stranger, mount what is allowed to others',
        mounted(join(shared, 'data'), { isolation: 'guest' }),
      )
    })
    test('and what is allowed is mounted, links inside the allowed folder included', async () => {
      symlinkSync(join(shared, 'data'), join(shared, 'alias'))
      const command = ['sh', '-c', 'cat /x/hello']
      for (const source of ['data', 'alias', 'data/../data'])
        expect((await ran(task({ command, mounts: [{ source: join(shared, source), target: '/x' }] }))).said).toBe(
          'hello',
        )
    })
  })

  describe('given an operator who is no administrator', () => {
    const asked = (request: object) => () => {
      const spec = specOf(WorkloadRequest.parse({ image: labImage, ...request }))
      const [denied] = violationsOf([], { spec, replicas: spec.parts?.count ?? 1 })
      requirePrivileges(() => false, { type: 'submit', workload: workloadId('wl-x'), name: 'x', spec }, createState())
      return denied
    }
    test.each(privilegeTries)('%s', async (name, request) => refused(name, asked(request)))

    test.each(wordTries)('%s', (name, request) => {
      const parsed = WorkloadRequest.safeParse({ image: labImage, ...request })
      return refused(name, () => (parsed.success ? specOf(parsed.data) : Promise.reject(rejected)))
    })

    const stranger = {
      isolation: 'guest',
      cpus: 1,
      memoryMib: 64,
      timeoutMs: 60_000,
      image: digest,
      executor: 'docker',
    }
    test.each(strangerTries)('%s', (name, more) => {
      const spec = WorkloadSpec.parse({ ...stranger, ...more })
      const [violation] = violationsOf([], { spec, replicas: 1 })
      attempts.push({ name, stopped: violation === undefined ? null : 'POLICY_DENIED' })
      expect(violation).toMatchObject({ policy: 'guest', mode: 'enforce' })
      expect(violationsOf([], { spec: WorkloadSpec.parse(stranger), replicas: 1 })).toEqual([])
    })
  })

  /** What works of all that is tried, and the user it is tried as. */
  async function tried(
    spec: object,
    isControl: boolean,
  ): Promise<{ readonly user: string; readonly worked: ReadonlySet<string> }> {
    const lines = tries.flatMap(([name, attempt, control]) =>
      isControl && control === null
        ? []
        : [`if ( ${attempt} ) >/dev/null 2>&1; then echo "WORKED ${name}"; else echo "failed ${name}"; fi`],
    )
    const env = {
      HOST_PORT: String(hostPort),
      STATE: state,
      ENGINE_SOCKET: engineSocket,
      NVIDIA_VISIBLE_DEVICES: 'all',
    }
    const { said } = await ran(
      task({ command: ['sh', '-c', `id -u; ${lines.join('\n')}`], env, memoryMib: 128, ...spec }),
    )
    const told = said.split('\n').filter((line) => /^(WORKED|failed) /.test(line))
    expect(told).toHaveLength(lines.length)
    const worked = told.flatMap((line) => (line.startsWith('WORKED ') ? [line.slice(7)] : []))
    return { user: said.split('\n')[0] ?? '', worked: new Set(worked) }
  }

  test('given a container, nothing that it tries from inside works, though it is root there', async () => {
    const neighbour = task({ command: ['sleep', '60'], env: { NEIGHBOUR: 'canary' } })
    await executor.start(neighbour, never)
    const control = await tried({ privileges: ['privileged', 'host-pid'], network: 'host' }, true)
    const { user, worked } = await tried({}, false)
    for (const [name, , harmful] of tries)
      attempts.push({
        ...{ name, stopped: worked.has(name) ? null : 'failed inside' },
        ...(harmful !== null && { isProven: control.worked.has(name) }),
      })
    expect({ user, worked: [...worked] }).toEqual({ user: '0', worked: [] })
    expect(control.worked.size).toBeGreaterThanOrEqual(15)
  }, 60_000)

  test('given a stranger’s container, it is nobody, writes nowhere, and neither fills a disk nor the process table', async () => {
    const script = [
      'id -u; touch /evil 2>/dev/null && echo WROTE',
      'cp /bin/busybox /tmp/b 2>/dev/null; chmod 4755 /tmp/b 2>/dev/null; /tmp/b id -u 2>/dev/null && echo RAN',
      'dd if=/dev/zero of=/tmp/fill bs=1M count=400 2>/dev/null || echo full; rm -f /tmp/fill',
      'grep CapEff /proc/self/status | tr -d "\\t"',
      'i=0; while [ $i -lt 700 ]; do sleep 20 & i=$((i+1)); done 2>/dev/null; echo forked all',
    ]
    const spec = {
      isolation: 'guest',
      command: ['sh', '-c', script.join('\n')],
      memoryMib: 512,
      privileges: ['cap-SYS_ADMIN'],
    }
    const of = task(spec)
    const { said } = await ran(of)
    const lines = said.split('\n')
    expect(lines.slice(0, 3)).toEqual(['65534', 'full', 'CapEff:0000000000000000'])
    const is = (name: string, isStopped: boolean) =>
      attempts.push({ name, stopped: isStopped ? 'failed inside' : null })
    is('as a stranger, write to the root', !lines.includes('WROTE'))
    is('as a stranger, run a setuid program', !lines.includes('RAN'))
    is('as a stranger, fill /tmp', lines.includes('full'))
    is('as a stranger, keep a capability', said.includes('CapEff:0000000000000000'))
    is('as a stranger, fork without end', !lines.includes('forked all') || /can't fork/.test(said))
    expect(attempts.slice(-5).filter(({ stopped }) => stopped === null)).toEqual([])
  }, 60_000)

  test('given a bomb of memory, only its own container ends', async () => {
    const { end } = await ran(task({ command: ['tail', '/dev/zero'], memoryMib: 32 }))
    attempts.push({ name: 'take all memory of the host', stopped: end.error?.code ?? null })
    expect(end.error?.code).toBe('OOM_KILLED')
  }, 30_000)

  test('given an image that sets variables for whoever starts it, they are not there', async () => {
    const docker = connectEngine(address)
    const name = `claw/sly-${process.pid}:1`
    const base = await docker.createContainer({ Image: labImage, Cmd: ['true'] })
    const env = ['NVIDIA_VISIBLE_DEVICES=all', 'LD_PRELOAD=/evil.so', 'NVIDIA_IMEX_CHANNELS=0', 'KEPT=yes']
    await base.commit({ repo: name.split(':')[0], tag: '1', changes: env.map((pair) => `ENV ${pair}`).join('\n') })
    try {
      const command = ['sh', '-c', 'env']
      const own = (await ran(task({ image: name, command }))).said.split('\n')
      const guest = (await ran(task({ image: name, command, isolation: 'guest', env: { LD_AUDIT: '/x' } }))).said.split(
        '\n',
      )
      expect(own).toContain('KEPT=yes')
      expect(own).toContain('NVIDIA_VISIBLE_DEVICES=void')
      const stopped = (lines: readonly string[], pattern: RegExp) =>
        lines.some((line) => pattern.test(line)) ? null : 'taken away'
      attempts.push(
        { name: 'be given GPUs by the image', stopped: stopped(own, /^NVIDIA_VISIBLE_DEVICES=(?!void)/) },
        { name: 'be given channels by the image', stopped: stopped(own, /^NVIDIA_IMEX/) },
        { name: 'as a stranger, load code by the image', stopped: stopped(guest, /^LD_/) },
      )
      expect(attempts.slice(-3).filter((one) => one.stopped === null)).toEqual([])
    } finally {
      await base.remove({ force: true })
      await removeContainersOf(address, mesh)
      await docker.getImage(name).remove({ force: true })
    }
  }, 30_000)

  test('given the name of a container of somebody else, that container stays as it is', async () => {
    const docker = connectEngine(address)
    const name = `claw-twin-${process.pid}-1`
    const theirs = await docker.createContainer({ name, Image: labImage, Cmd: ['sleep', '60'] })
    try {
      const ours = task({ command: ['sleep', '60'] }, `twin-${process.pid}`)
      await executor.start(ours, never)
      const { State, Id } = await theirs.inspect()
      const isApart = executor.status(ours.placement)?.handle !== Id && State.Status === 'created'
      attempts.push({ name: 'take over a container by its name', stopped: isApart ? 'another name' : null })
      expect(isApart).toBe(true)
    } finally {
      await theirs.remove({ force: true })
    }
  }, 30_000)

  test('given words like options in the command, labels and variables, they stay words', async () => {
    const docker = connectEngine(address)
    const of = task({
      command: ['sleep', '60', '--privileged'],
      env: { A: '1\n--cap-add=ALL' },
      labels: { 'claw.placement': 'wl-other.1', 'com.docker.compose': 'x' },
      annotations: { 'run.oci.keep_original_groups': '1' },
    })
    await executor.start(of, never)
    const { HostConfig, Config } = await docker.getContainer(executor.status(of.placement)?.handle ?? '').inspect()
    expect(HostConfig).toMatchObject({
      Privileged: false,
      CapDrop: ['ALL'],
      PidMode: '',
      IpcMode: 'private',
      PidsLimit: 4_096,
    })
    const isWords =
      Config.Labels['claw.placement'] === of.placement &&
      !('com.docker.compose' in Config.Labels) &&
      HostConfig.Privileged !== true
    attempts.push({ name: 'give options as words, labels and annotations', stopped: isWords ? 'only words' : null })
    expect(isWords).toBe(true)
  }, 30_000)

  test('nothing was allowed, of at least 25 that were tried', () => {
    expect(attempts.filter(({ stopped }) => stopped === null)).toEqual([])
    expect(attempts.filter(({ isProven }) => isProven !== false).length).toBeGreaterThanOrEqual(25)
    const names = attempts.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })
})
