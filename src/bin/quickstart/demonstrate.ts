/** The quickstart's story: start three peers, watch them become one mesh, run a workload, show what happened. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cliJson, cliShown } from './cli.ts'
import { type Engine, findEngine } from './engine.ts'
import { lastWords, type Peer, runningPeers, startPeer, stopPeers } from './peer.ts'
import { quickstartDirectory } from './place.ts'

interface NodeRow {
  readonly name: string
  readonly status: string
}

interface WorkloadRow {
  readonly id: string
  readonly state: string
  readonly node: string
  readonly devices: readonly unknown[]
  readonly exitCode: number | null
}

const names = ['peer-1', 'peer-2', 'peer-3'] as const
const gpus = { 'peer-1': '4xH100', 'peer-2': '4xA100', 'peer-3': '2xL40S' } as const
const started = Date.now()

/** Returns the exit code: 0 only if the mesh formed and the workload ran on it to its end. */
export async function demonstrate({ once }: { readonly once: boolean }): Promise<number> {
  const directory = once ? mkdtempSync(join(tmpdir(), 'clawbernetes-')) : quickstartDirectory()
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const leave = async (): Promise<void> => {
    await stopPeers(directory)
    if (once) rmSync(directory, { recursive: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      say('stopping the peers …')
      leave().then(
        () => process.exit(130),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`)
          process.exit(1)
        },
      )
    })
  try {
    const engine = await findEngine()
    const socket = await meshSocket(directory, engine)
    await showWorkload(socket, engine)
    await cliShown(socket, 'status')
    if (once) await leave()
    else instructions(directory)
    return 0
  } catch (error) {
    process.stderr.write(
      `\nThe quickstart did not succeed: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    await leave()
    return 1
  }
}

/** The API socket of the first peer, after making sure that all three are one mesh. */
async function meshSocket(directory: string, engine: Engine): Promise<string> {
  const socket = join(directory, 'peer-1', 'api.sock')
  if (runningPeers(directory).length === names.length) {
    say('the mesh is already running')
    return socket
  }
  await stopPeers(directory)
  say(engine.kind === 'docker' ? `using the Docker Engine at ${engine.host}` : `using plain processes: ${engine.why}`)
  const known = existsSync(join(directory, 'peer-1'))
  const first = await start(directory, 'peer-1', engine, null)
  const others = ['peer-2', 'peer-3'] as const
  const peers = await Promise.all(
    others.map(async (name) => {
      const token =
        known && existsSync(join(directory, name))
          ? null
          : (await cliJson<{ token: string }>(first.socket, 'token', 'create')).token
      return start(directory, name, engine, token)
    }),
  )
  await until('three healthy nodes', [first, ...peers], async () => {
    const nodes = await cliJson<NodeRow[]>(first.socket, 'node', 'list')
    return nodes.length === 3 && nodes.every(({ status }) => status === 'healthy')
  })
  say('three peers form one mesh')
  return first.socket
}

async function start(
  directory: string,
  name: (typeof names)[number],
  engine: Engine,
  token: string | null,
): Promise<Peer> {
  const api = `127.0.0.1:${await freePort(8080 + names.indexOf(name))}`
  const peer = startPeer({
    name,
    directory,
    input: token,
    arguments: [
      ...(token === null ? ['start'] : ['join', '-']),
      ...['--api', api, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--executor', engine.kind],
      ...['--simulate-gpus', gpus[name], ...(engine.kind === 'docker' ? ['--docker-host', engine.host] : [])],
    ],
    // One machine has one set of real GPUs, so one peer only looks for them.
    environment: name === 'peer-1' ? {} : { CLAWNODE_GPU_AUTO_DETECT: 'false' },
  })
  await until(
    `${name} answers`,
    [peer],
    async () => existsSync(peer.socket) && (await cliJson<object>(peer.socket, 'gateway', 'ping')) !== null,
  )
  say(`${name} is up (API on http://${api})`)
  return peer
}

async function showWorkload(socket: string, { image, kind }: Engine): Promise<void> {
  say(`running a workload that asks for 2 H100s (${kind}) …`)
  const name = `hello-${Date.now().toString(36)}`
  const script = 'echo "hello from $(uname -s)"; echo "devices: $NVIDIA_VISIBLE_DEVICES"'
  const { code, output } = await cliShown(
    socket,
    'run',
    '--name',
    name,
    '--gpus',
    '2',
    '--gpu-type',
    'H100',
    image,
    '--',
    'sh',
    '-c',
    script,
  )
  const info = await cliJson<WorkloadRow>(socket, 'workload', 'info', name)
  if (code !== 0 || info.state !== 'completed' || info.devices.length !== 2 || !output.includes('hello from'))
    throw new Error(`the workload ended as ${info.state} with exit code ${info.exitCode ?? 'none'}`)
  say(
    `${info.id} ran on ${info.node} with ${info.devices.length} GPUs and ended with exit code ${info.exitCode ?? 'none'}`,
  )
}

/** Polls until it holds. A command that fails on the way counts as «not yet»; a peer that died ends the wait with its last words. */
async function until(what: string, peers: readonly Peer[], holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  let last: unknown = null
  while (Date.now() < deadline) {
    const dead = peers.find(({ child }) => child.exitCode !== null || child.signalCode !== null)
    if (dead !== undefined) throw new Error(`${dead.name} ended by itself:\n${lastWords(dead)}`)
    try {
      if (await holds()) return
    } catch (error) {
      last = error
    }
    await sleep(100)
  }
  throw new Error(`still waiting for: ${what}`, { cause: last })
}

/** The wanted port, or one that the system picks when somebody has it. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && wanted !== 0) freePort(0).then(resolve, reject)
      else reject(error)
    })
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : wanted)
      })
    })
  })
}

function instructions(directory: string): void {
  process.stdout.write(`
The mesh stays up. Try:
  npx clawbernetes node list
  npx clawbernetes run --gpus 1 host -- sh -c 'echo hello'
  npx clawbernetes workload list
  npx clawbernetes logs WORKLOAD
Stop it with:
  npm stop
Its files and logs are in ${directory}.
`)
}

const say = (message: string): void => {
  process.stdout.write(`[${((Date.now() - started) / 1_000).toFixed(1).padStart(5)} s] ${message}\n`)
}
