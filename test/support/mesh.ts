/** Real daemons as separate processes on loopback, and the real CLI, for the end-to-end tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const dist = (file: string): string => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))

export interface Reply {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface NodeRow {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly gpus: readonly { readonly index: number; readonly model: string; readonly memoryMib: number }[]
  readonly gpuModel: string | null
  readonly utilization: number | null
  readonly lastSeen: number | string | null
}

export interface StatusReply {
  readonly gateway: string
  readonly leader: string | null
  readonly nodes: { readonly healthy: number; readonly unhealthy: number }
  readonly gpus: { readonly total: number; readonly available: number }
  readonly workloads: { readonly running: number; readonly pending: number }
}

export interface WorkloadInfo {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly node: string | null
  readonly attempt: number
  readonly history: readonly unknown[]
  readonly devices: readonly unknown[]
  readonly exitCode: number | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Polls until the value satisfies the test, and returns it. Fails with the last value or error after `limit` ms. */
export async function eventually<T>(
  what: string,
  limit: number,
  read: () => Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + limit
  let last: unknown = 'nothing yet'
  while (Date.now() < deadline) {
    try {
      const value = await read()
      if (holds(value)) return value
      last = value
    } catch (error) {
      last = error
    }
    await sleep(50)
  }
  throw new Error(
    `not within ${limit} ms: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  )
}

/** One host's daemon and everything a test does to it. */
export class Daemon {
  readonly name: string
  readonly dataDir: string
  readonly socket: string
  readonly api: string
  readonly #arguments: string[]
  readonly #environment: Readonly<Record<string, string>>
  readonly #prefix: readonly string[]
  #program: string
  #child: ChildProcess | null = null

  constructor(
    directory: string,
    name: string,
    {
      api,
      extra,
      environment,
      prefix = [],
      program = dist('clawnode.js'),
    }: {
      api: string
      extra: readonly string[]
      environment: Readonly<Record<string, string>>
      prefix?: readonly string[] | undefined
      program?: string | undefined
    },
  ) {
    this.name = name
    this.dataDir = join(directory, name)
    this.socket = join(this.dataDir, 'api.sock')
    this.api = api
    this.#arguments = ['--data-dir', this.dataDir, '--name', name, '--api', api, '--log-format', 'json', ...extra]
    this.#environment = environment
    this.#prefix = prefix
    this.#program = program
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  /** Of the process that was started last; null while it runs. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  get log(): string {
    return readFileSync(`${this.dataDir}.log`, 'utf8')
  }

  /** Starts the process. With a token it joins with it, given on standard input. */
  spawn(token: string | null = null): void {
    const log = createWriteStream(`${this.dataDir}.log`, { flags: 'a' })
    const command = token === null ? ['start'] : ['join', '-']
    const words = [...this.#prefix, process.execPath, this.#program, ...command, ...this.#arguments]
    const child = spawn(words[0] ?? '', words.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    })
    child.stdin.end(token ?? '')
    child.stdout.pipe(log)
    child.stderr.pipe(log)
    this.#child = child
  }

  /** Starts it and waits until its API answers. */
  async start(token: string | null = null): Promise<void> {
    this.spawn(token)
    await eventually(
      `${this.name} answers`,
      30_000,
      () => this.#alive(),
      (reply) => reply.code === 0,
    )
  }

  async #alive(): Promise<Reply> {
    const child = this.#child
    if (child === null || child.exitCode !== null) throw new Error(`${this.name} ended:\n${this.log.slice(-2_000)}`)
    return this.cli('gateway', 'ping', '--json')
  }

  /** From its next start on it listens there and nowhere else. */
  relocate(listen: string): void {
    this.#arguments[this.#arguments.indexOf('--listen') + 1] = listen
  }

  /** From its next start on it is that build of the daemon; the one under test if left out. */
  rebuild(program = dist('clawnode.js')): void {
    this.#program = program
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name)
  }

  /** Sends the signal and waits for the end. */
  async end(name: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    this.#child = null
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    child.kill(name)
    return ended
  }

  cli(...arguments_: readonly string[]): Promise<Reply> {
    return runCli(['--gateway', `unix:${this.socket}`, ...arguments_])
  }

  async json<T>(...arguments_: readonly string[]): Promise<T> {
    const reply = await this.cli('--json', ...arguments_)
    if (reply.code !== 0) throw new Error(`${arguments_.join(' ')} ended with ${reply.code}: ${reply.stderr}`)
    return JSON.parse(reply.stdout) as T
  }
}

/** Runs the built CLI to its end. */
export function runCli(
  arguments_: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [dist('clawbernetes.js'), ...arguments_], {
      env: { ...process.env, ...environment },
    })
    let stdout = ''
    let stderr = ''
    child.stdin.end()
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code: code ?? 128, stdout, stderr })
    })
  })
}

export interface MeshPlan {
  readonly names: readonly string[]
  /** Further arguments of every daemon. */
  readonly extra?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly gpus?: string
  /** Look for members by multicast, on all networks of this machine. */
  readonly mdns?: boolean
  /** What comes before the command that starts the daemon, and becomes it. */
  readonly prefix?: readonly string[]
  /** Another build of the daemon than the one under test. */
  readonly program?: string
  /** Of those that join. */
  readonly roles?: string
}

/** Starts daemons that form one mesh: the first founds it, the others join with tokens of their own. */
export class Mesh {
  readonly directory = mkdtempSync(join(tmpdir(), 'claw-e2e-'))
  readonly daemons: Daemon[] = []

  static async start(plan: MeshPlan): Promise<Mesh> {
    const mesh = new Mesh()
    try {
      for (const name of plan.names) await mesh.add(name, plan)
    } catch (error) {
      await mesh.stop()
      throw error
    }
    return mesh
  }

  /** Adds one more daemon to the mesh and waits until it answers. */
  async add(name: string, plan: Omit<MeshPlan, 'names'>): Promise<Daemon> {
    const daemon = new Daemon(this.directory, name, {
      api: `127.0.0.1:${await freePort()}`,
      extra: [
        ...[
          '--listen',
          await freeAddress(plan.mdns),
          '--executor',
          'process',
          ...(plan.mdns === true ? [] : ['--no-mdns']),
        ],
        ...['--simulate-gpus', plan.gpus ?? '4xH100', ...(plan.extra ?? [])],
      ],
      // Several hosts are on this machine, and none is to be found by others.
      environment: {
        CLAWNODE_GPU_AUTO_DETECT: 'false',
        CLAWNODE_MOLT_LISTEN: '/ip4/127.0.0.1/tcp/0',
        ...plan.environment,
      },
      prefix: plan.prefix,
      program: plan.program,
    })
    const [first] = this.daemons
    const token = first === undefined ? null : await tokenFrom(first, plan)
    this.daemons.push(daemon)
    await daemon.start(token)
    return daemon
  }

  get(index: number): Daemon {
    const daemon = this.daemons[index]
    if (daemon === undefined) throw new Error(`there is no daemon ${index}`)
    return daemon
  }

  /** The daemon that leads now, as all of the given ones agree. */
  async leader(among: readonly Daemon[] = this.daemons): Promise<Daemon> {
    const names = await eventually(
      'all agree on a leader',
      15_000,
      () => Promise.all(among.map(async (daemon) => (await daemon.json<StatusReply>('status')).leader)),
      (leaders) => leaders[0] !== null && leaders.every((leader) => leader === leaders[0]),
    )
    const leader = this.daemons.find(({ name }) => name === names[0])
    if (leader === undefined) throw new Error(`the leader ${names[0] ?? ''} is none of ours`)
    return leader
  }

  /** Waits until this many peers vote, so that losing one does not stop the mesh. */
  async voters(count: number, at: Daemon = this.get(0)): Promise<void> {
    await eventually(
      `${count} voters`,
      30_000,
      () => at.json<{ voters: readonly string[] }>('gateway', 'status'),
      ({ voters }) => voters.length === count,
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.end('SIGKILL')))
    endStragglers(this.directory)
    rmSync(this.directory, { recursive: true, force: true })
  }
}

async function tokenFrom(member: Daemon, { roles }: Pick<MeshPlan, 'roles'>): Promise<string> {
  const options = roles === undefined ? [] : ['--roles', roles]
  return (await member.json<{ token: string }>('token', 'create', ...options)).token
}

/** Ends what still works in this folder: tasks outlive the daemons that started them. */
function endStragglers(directory: string): void {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []
  for (const pid of pids) {
    try {
      const works = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/`)
      if (works || readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`)) process.kill(Number(pid), 'SIGKILL')
    } catch (error) {
      // It has ended meanwhile, or is somebody else's.
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
}

/** Ports below those that the system hands out by itself, so that nobody gets one of ours by chance between two lives of a daemon. */
const firstPort = 20_000
const ports = 12_000

/** Where a daemon may listen: on loopback, or on all networks. */
export const freeAddress = async (everywhere = false): Promise<string> =>
  `/ip4/${everywhere ? '0.0.0.0' : '127.0.0.1'}/tcp/${await freePort()}`

/** What was given out already may be listened at in a moment. */
const given = new Set<number>()

/** A TCP port that nobody has at the moment, and nobody was given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + randomInt(ports)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
