/** Secrets on a real mesh with a real engine: canaries are searched for in everything that the mesh writes, says and sends. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { canary, type Canary, findsIn, searchFiles } from '../support/canary.ts'
import { containersOf, DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labDocker, labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually, type Reply, type WorkloadInfo } from '../support/mesh.ts'
import { figure } from '../support/figure.ts'

/** Everything that commands and the API have answered. */
const said: string[] = []
const [inFile, inEnv, byItself, rotated, plain] = [canary(), canary(), canary(), canary(), canary()]
const canaries: readonly Canary[] = [inFile, inEnv, byItself, rotated, plain]

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let [first, second]: Daemon[] = []
  /** What the user has, and what is recorded: not the mesh's. */
  const outside = mkdtempSync(join(tmpdir(), 'claw-canary-'))
  const wire = join(outside, 'wire')
  const listeners: WebSocket[] = []
  /** What they were told. */
  const frames: Buffer[] = []
  const valueFile = (name: string, { value }: Canary): string => {
    writeFileSync(join(outside, name), value)
    return join(outside, name)
  }

  beforeAll(async () => {
    const recorder = fileURLToPath(new URL('../support/wire-recorder.mjs', import.meta.url))
    mesh = await DockerMesh.ofThree([], { NODE_OPTIONS: `--import ${recorder}`, CLAW_WIRE_RECORD: wire })
    ;[first, second] = [mesh.get(0), mesh.get(1)]
    // Somebody else who listens all the while: to events, and to everything as clients of the first gateway do.
    for (const hello of [
      { type: 'subscribe', data: { after: 0 } },
      { type: 'Subscribe', data: { metricsEvery: 1 } },
    ])
      listeners.push(await listening(mesh.get(0), hello, frames))
  })
  afterAll(async () => {
    for (const listener of listeners) listener.terminate()
    await mesh.stop()
    rmSync(outside, { recursive: true, force: true })
  })

  const at = (daemon: Daemon | undefined): Daemon => {
    if (daemon === undefined) throw new Error('the mesh was not started')
    return daemon
  }
  const say = async (daemon: Daemon | undefined, ...words: readonly string[]): Promise<Reply> => {
    const reply = await at(daemon).cli(...words)
    said.push(reply.stdout, reply.stderr)
    return reply
  }
  const well = async (daemon: Daemon | undefined, ...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await say(daemon, ...words)
    expect(code, `${words.slice(0, 3).join(' ')}: ${stderr}`).toBe(0)
    return stdout
  }
  const reaches = (name: string, state: string): Promise<WorkloadInfo> =>
    eventually(
      `${name} is ${state}`,
      30_000,
      () => at(first).json<WorkloadInfo>('workload', 'info', name),
      (info) => info.state === state,
    )

  test('work is given what it asks for, and nobody else is', async () => {
    await well(first, 'secret', 'create', 'file-canary', '--file', valueFile('a', inFile))
    await well(second, 'secret', 'create', 'env-canary', '--file', valueFile('b', inEnv))
    const script = 'stat -c %a /run/secrets/c; wc -c < /run/secrets/c; echo ${#ENVC} ${#API_TOKEN}; sleep 600'
    const given = ['--secret-mount', '/run/secrets/c=file-canary', '--secret', 'ENVC=env-canary']
    const own = ['-e', `API_TOKEN=${byItself.value}`, '--idempotency-key', 'holder']
    const words = ['run', '-d', '--name', 'holder', ...given, ...own, labImage, '--', 'sh', '-c', script]
    const id = await well(second, ...words)
    expect(await well(second, ...words)).toBe(id)
    const { node } = await reaches('holder', 'running')
    const lengths = [inFile, inEnv, byItself].map(({ value }) => value.length)
    await eventually(
      'it has what it asked for',
      15_000,
      () => say(first, 'logs', 'holder'),
      ({ stdout }) => stdout.trim() === `400\n${lengths[0]}\n${lengths[1]} ${lengths[2]}`,
    )
    // The one place where it may be. Asked for at its own node, so that no link has it.
    const host = mesh.daemons.find(({ name }) => name === node)
    const inside = await at(host).cli('exec', 'holder', '--', 'cat', '/run/secrets/c')
    expect(inside.stdout).toBe(inFile.value)
    const [container] = await containersOf(id.trim())
    expect(
      findsIn('env', Buffer.from(JSON.stringify(container?.Config.Env)), [inEnv, byItself]).length,
    ).toBeGreaterThan(1)
    expect(findsIn('container', Buffer.from(JSON.stringify(container)), [inFile])).toEqual([])
  })

  test('a plain process is given its own by way of memory alone', async () => {
    const node = await mesh.add('plain', { extra: [] })
    await well(first, 'secret', 'create', 'plain-canary', '--file', valueFile('p', plain))
    const script = 'wc -c < $CLAW_FILES/run/secrets/p; echo ${#P}; sleep 600'
    const given = ['--secret-mount', '/run/secrets/p=plain-canary', '--secret', 'P=plain-canary']
    await well(first, 'run', '-d', '--name', 'process', '--node', 'plain', ...given, 'none', '--', 'sh', '-c', script)
    await reaches('process', 'running')
    await eventually(
      'it has what it asked for',
      15_000,
      () => say(first, 'logs', 'process'),
      ({ stdout }) => stdout.trim() === `${plain.value.length}\n${plain.value.length}`,
    )
    const task = readdirSync(join(node.dataDir, 'tasks'), { recursive: true, encoding: 'utf8' })
    expect(task.length).toBeGreaterThan(3)
  })

  test('given all that a mesh does, the values are nowhere but in the work itself', async () => {
    await exercise()
    const spool = await whileAlone()
    await reaches('holder', 'running')
    await reaches('kept', 'running')
    await queryAll()
    await well(first, 'mesh', 'backup', join(mesh.directory, 'backup.claw'))
    expect(await well(first, 'secret', 'info', 'env-canary')).toContain('which is old')

    const others = (await connectEngine(labDocker ?? '').listContainers({ all: true })).filter(
      ({ Names }) => !Names.some((name) => /holder|web-r|no-program|kept/.test(name)),
    )
    const inspected = await Promise.all(
      others.map(({ Id }) =>
        connectEngine(labDocker ?? '')
          .getContainer(Id)
          .inspect()
          .catch(() => null),
      ),
    )
    const recorded = readFileSync(wire)
    expect(recorded.includes('holder')).toBe(true)
    const heard = Buffer.concat(frames)
    for (const word of ['secret.created', 'workload.submitted', 'MetricsUpdate', 'WorkloadCreated'])
      expect(heard.includes(word), word).toBe(true)
    const files = searchFiles(mesh.directory, canaries)
    const finds = [
      ...spool.finds,
      ...files.finds,
      ...findsIn('the links between the peers', recorded, canaries),
      ...findsIn('what others heard over WebSockets', heard, canaries),
      ...findsIn('what commands and the API said', Buffer.from(said.join('\n')), canaries),
      ...findsIn('other containers', Buffer.from(JSON.stringify(inspected)), canaries),
      ...findsIn('command lines', commandLines(), canaries),
    ]
    expect(finds).toEqual([])
    figure('canaries', {
      ...{ canaries: canaries.length, forms: canaries[0]?.forms.size ?? 0, finds: finds.length },
      ...{ files: files.files, bytesInFiles: files.bytes, bytesBetweenPeers: recorded.length },
      ...{ replies: said.length, messagesToOthers: frames.length, otherContainers: inspected.length },
    })
  })

  test('given the work has ended, its files are gone from memory too', async () => {
    await well(first, 'deploy', 'delete', 'web', '--yes')
    for (const name of ['holder', 'process', 'kept']) await well(first, 'stop', name)
    for (const name of ['holder', 'process']) await reaches(name, 'stopped')
    const isGone = ({ finds }: { finds: readonly string[] }): boolean => finds.length === 0
    const look = async () => searchFiles('/dev/shm', canaries)
    await eventually('the files are gone', 10_000, look, isGone)
  })

  /** The others die, and what is submitted meanwhile is kept on disk. Returns what is found of it there. */
  async function whileAlone(): Promise<{ readonly finds: readonly string[] }> {
    const others = [second, mesh.get(2)]
    await Promise.all(others.map((one) => at(one).end('SIGKILL')))
    const key = ['--idempotency-key', 'kept-1']
    const work = ['--name', 'kept', '-e', `DB_PASSWORD=${byItself.value}`, labImage, '--', 'sleep', '600']
    const kept = await say(first, 'run', '-d', '--spool', ...key, ...work)
    expect(kept.code, kept.stderr).toBe(8)
    await say(first, 'spool', 'list', '-o', 'json')
    const found = searchFiles(at(first).dataDir, canaries)
    await Promise.all(others.map((one) => at(one).start()))
    return found
  }

  /** Work that starts, fails to start, and is refused; rotation, deployments, diffs, dry runs. */
  async function exercise(): Promise<void> {
    const secret = ['--secret', 'ENVC=env-canary', '--secret-mount', '/run/secrets/c=file-canary']
    const token = ['-e', `DB_PASSWORD=${byItself.value}`]
    await Promise.all(
      [1, 2, 3].map((each) => well(first, 'run', '-d', '--name', `busy-${each}`, labImage, '--', 'sleep', '600')),
    )
    await say(first, 'run', '--name', 'no-program', ...secret, ...token, labImage, '--', '/no/such/program')
    await say(first, 'run', '--name', 'no-image', '--pull', 'never', ...secret, ...token, 'none/none:1')
    await well(
      second,
      'deploy',
      'create',
      'web',
      labImage,
      '--replicas',
      '2',
      ...secret,
      ...token,
      '--',
      'sleep',
      '600',
    )
    await well(first, 'run', '--dry-run', ...secret, ...token, labImage)
    const file = join(outside, 'work.yaml')
    writeFileSync(file, `image: ${labImage}\nname: web\nenv: {DB_PASSWORD: "${byItself.value}"}\n`)
    await say(first, 'diff', file)
    await well(first, 'secret', 'policy', 'set', 'file-canary', '--deny-workloads', 'denied')
    expect((await say(first, 'run', '--name', 'denied', ...secret, labImage)).code).not.toBe(0)
    await well(first, 'secret', 'rotate', 'env-canary', '--file', valueFile('c', rotated), '--yes')
  }

  /** Whatever can be asked for without saying what of. */
  async function queryAll(): Promise<void> {
    const lists = [
      'workload list',
      'secret list',
      'events',
      'node list',
      'deploy status web',
      'spool list',
      'audit query',
    ]
    const ones = [
      'workload info holder -o wide',
      'workload info holder --json',
      'secret history env-canary',
      'why holder',
      'doctor',
    ]
    for (const words of [...lists, ...ones]) await say(first, ...words.split(' '))
    const token = readFileSync(join(at(first).dataDir, 'api-token'), 'utf8').trim()
    const ask = async (path: string): Promise<string> => {
      const reply = await fetch(`http://${at(first).api}${path}`, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
        signal: AbortSignal.timeout(10_000),
      })
      return reply.text()
    }
    const { paths } = JSON.parse(await ask('/api/openapi.json')) as {
      readonly paths: Record<string, { readonly get?: object }>
    }
    const isPlain = ([path, { get }]: [string, { readonly get?: object }]): boolean =>
      get !== undefined && !path.includes('{') && !JSON.stringify(get).includes('ndjson')
    const asked = Object.entries(paths).filter(isPlain)
    for (const [path] of asked) said.push(await ask(path))
    said.push(await ask('/metrics'), await ask('/api/workloads/holder'), await ask('/api/secrets/env-canary'))
  }
})

/** A WebSocket of the host's own token, and all that comes over it. */
async function listening({ api, dataDir }: Daemon, hello: object, frames: Buffer[]): Promise<WebSocket> {
  const token = readFileSync(join(dataDir, 'api-token'), 'utf8').trim()
  const socket = new WebSocket(`ws://${api}/api/ws`, ['clawbernetes.v1', `bearer.${token}`])
  socket.on('message', (data) => frames.push(data as Buffer))
  await once(socket, 'open')
  socket.send(JSON.stringify(hello))
  return socket
}

/** Of everything that runs on this machine now. */
function commandLines(): Buffer {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const read = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      // It has ended meanwhile.
      return ''
    }
  }
  return Buffer.from(pids.map(read).join('\n'))
}
