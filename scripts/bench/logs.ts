/**
 * Reading, following and searching the output of a container, against the engine's own `docker logs` and against grep on a plain file.
 *
 *     sudo scripts/lab/docker.sh up; export $(scripts/lab/docker.sh env); node scripts/bench/run.mjs logs [MB] [rounds]
 *
 * The engine is asked for a container of its own that printed the same and whose log was not rotated. Each pair is measured in turn, so
 * that both meet the same machine. `search` asks the node that holds the log, `search_from_afar` another peer.
 */
import { execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../../test/support/mesh.ts'
import { ask } from '../../test/support/ask.ts'
import { figure, quantile, round, spread } from './figures.ts'
import { cli, docker, dockerCli, engine, image } from './lab.ts'

const megabytes = Number(process.argv[2] ?? 100)
const rounds = Number(process.argv[3] ?? 5)

const lineBytes = 100
const lines = Math.round((megabytes * 1_000_000) / lineBytes)
/** Waits for a file, so that followers are there before the first line, and says one thing worth finding at the end. */
const program = (start: string): string[] => [
  'sh',
  '-c',
  `until [ -e ${start} ]; do sleep 0.05; done; awk 'BEGIN { for (i = 1; i <= ${lines - 1}; i++) printf "%010d INFO step of a training run, with its loss and its learning rate, and what else there is %8d\\n", i, i * 7; print "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB" }'`,
]

interface Taken {
  readonly ms: number
  readonly bytes: number
  readonly lines: number
}

/** Runs a command and counts what it prints, from its first byte to its last. */
function taken(file: string, words: readonly string[], from: 'start' | 'first byte'): Promise<Taken> {
  return new Promise((resolve, reject) => {
    let [begin, end, bytes, count] = [from === 'start' ? performance.now() : 0, 0, 0, 0]
    const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', (chunk: Buffer) => {
      end = performance.now()
      if (begin === 0) begin = end
      bytes += chunk.length
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count += 1
    })
    child.once('error', reject)
    child.once('close', () =>
      resolve({ ms: (from === 'start' ? performance.now() : end) - begin, bytes, lines: count }),
    )
  })
}

const megabytesPerSecond = ({ bytes, ms }: Taken): number => bytes / 1_000 / ms

function compare(name: string, ours: readonly Taken[], theirs: readonly Taken[]): void {
  const rates = [ours, theirs].map((each) => each.map(megabytesPerSecond))
  const [mine, other] = rates.map((each) => quantile(each, 0.5))
  figure(name, 'MB/s', { clawbernetes: round(mine ?? 0), docker: round(other ?? 0), rounds: ours.length })
  figure(`${name}_to_docker`, 'ratio of medians', { ratio: round((mine ?? 0) / (other ?? 1)) })
  for (const { lines: count } of [...ours, ...theirs])
    if (count !== lines) figure(`${name}_wrong`, 'lines', { count, lines })
}

class Bench {
  readonly mesh: Mesh
  readonly host: Daemon
  readonly other: Daemon
  readonly #containers: string[] = []

  private constructor(mesh: Mesh, host: Daemon, other: Daemon) {
    this.mesh = mesh
    this.host = host
    this.other = other
  }

  static async start(): Promise<Bench> {
    const mesh = await Mesh.start({ names: ['other'], gpus: '' })
    const extra = ['--executor', 'docker', '--docker-host', engine]
    const environment = { CLAWNODE_CONTAINERS_MOUNTS: `*=${mesh.directory}` }
    const host = await mesh.add('host', { gpus: '', extra, environment })
    return new Bench(mesh, host, mesh.get(0))
  }

  logs(peer: Daemon, ...words: readonly string[]): string[] {
    return [cli, '--gateway', `unix:${peer.socket}`, 'logs', ...words]
  }

  async workload(name: string): Promise<string> {
    const box = join(this.mesh.directory, name)
    const spec = {
      image,
      name,
      node: 'host',
      gpus: 0,
      command: program('/box/go'),
      volumes: [`${box}:/box`],
      network: 'host',
    }
    await promisify(execFile)('mkdir', ['-p', box])
    await ask(this.other.socket, 'workload.run', spec)
    await this.#reaches(name, 'running')
    return join(box, 'go')
  }

  async container(name: string): Promise<string> {
    const box = join(this.mesh.directory, `plain-${name}`)
    await promisify(execFile)('mkdir', ['-p', box])
    const id = await docker(...['run', '-d', '--network', 'none', '-v', `${box}:/box`, image], ...program('/box/go'))
    this.#containers.push(id)
    return id
  }

  go(path: string): void {
    createWriteStream(path).end()
  }

  async ended(name: string): Promise<void> {
    await this.#reaches(name, 'completed')
  }

  async stop(): Promise<void> {
    for (const id of this.#containers) await docker('rm', '-f', id)
    const own = await docker('ps', '-aq', '--filter', 'label=claw.node')
    const node = await ask<{ id: string }>(this.host.socket, 'gateway.ping', {})
    await this.mesh.stop()
    for (const id of own.split('\n').filter((each) => each !== '')) {
      const label = await docker('inspect', '-f', '{{index .Config.Labels "claw.node"}}', id)
      if (label === node.id) await docker('rm', '-f', id)
    }
  }

  async #reaches(name: string, state: string): Promise<void> {
    const info = (): Promise<WorkloadInfo> => ask(this.other.socket, 'workload.info', { workload: name })
    await eventually(`${name} is ${state}`, 120_000, info, (found) => found.state === state)
  }
}

const bench = await Bench.start()
try {
  const followed: [Taken[], Taken[]] = [[], []]
  for (let round_ = 0; round_ < 2; round_ += 1) {
    const go = await bench.workload(`follow-${round_}`)
    const ours = taken(process.execPath, bench.logs(bench.host, '-f', `follow-${round_}`), 'first byte')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    bench.go(go)
    followed[0].push(await ours)
    await bench.ended(`follow-${round_}`)
    const id = await bench.container(`follow-${round_}`)
    const theirs = taken(dockerCli, ['-H', engine, 'logs', '-f', id], 'first byte')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    bench.go(join(bench.mesh.directory, `plain-follow-${round_}`, 'go'))
    followed[1].push(await theirs)
  }
  compare('logs_follow', ...followed)

  const plain = await docker('ps', '-aq', '--latest')
  const read: [Taken[], Taken[], Taken[]] = [[], [], []]
  for (let each = 0; each < rounds; each += 1) {
    read[0].push(await taken(process.execPath, bench.logs(bench.host, 'follow-1'), 'start'))
    read[1].push(await taken(dockerCli, ['-H', engine, 'logs', plain], 'start'))
    read[2].push(await taken(process.execPath, bench.logs(bench.other, 'follow-1'), 'start'))
  }
  compare('logs_read', read[0], read[1])
  compare('logs_read_from_afar', read[2], read[1])

  const file = join(bench.mesh.directory, 'plain.log')
  await promisify(execFile)('sh', ['-c', `${dockerCli} -H ${engine} logs ${plain} > ${file} 2>&1`])
  const searches: Readonly<Record<string, () => Promise<Taken>>> = {
    search: () =>
      taken(process.execPath, bench.logs(bench.host, 'follow-1', '--search', 'cuda out of memory'), 'start'),
    search_capitals: () =>
      taken(process.execPath, bench.logs(bench.host, 'follow-1', '--search', 'CUDA out of'), 'start'),
    search_expression: () =>
      taken(process.execPath, bench.logs(bench.host, 'follow-1', '--search', '/out of \\w+\\. tried/'), 'start'),
    search_level: () => taken(process.execPath, bench.logs(bench.host, 'follow-1', '--level', 'error'), 'start'),
    search_from_afar: () =>
      taken(process.execPath, bench.logs(bench.other, 'follow-1', '--search', 'cuda out of memory'), 'start'),
    cli_alone: () =>
      taken(process.execPath, [cli, '--gateway', `unix:${bench.host.socket}`, 'gateway', 'ping'], 'start'),
    grep_fixed_any_case: () => taken('grep', ['-aiF', 'cuda out of memory', file], 'start'),
    grep_expression_any_case: () => taken('grep', ['-aiE', 'out of [[:alnum:]_]+\\. tried', file], 'start'),
  }
  for (const [name, search] of Object.entries(searches)) {
    const times: number[] = []
    for (let each = 0; each < rounds; each += 1) times.push((await search()).ms)
    figure(name, 'ms', { megabytes, ...spread(times) })
  }
} finally {
  await bench.stop()
}
