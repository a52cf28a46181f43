/**
 * Commands in running containers, against the engine's own `docker exec`: how long nothing at all takes, and how fast a large output comes.
 *
 *     sudo scripts/lab/docker.sh up; export $(scripts/lab/docker.sh env); node scripts/bench/run.mjs exec [MB] [rounds]
 *
 * Each round runs all of them in turn in the same container, so that all meet the same machine. `from_afar` asks another peer than the one that
 * runs it; `flow` leaves out what a process needs to start, and `request` is `container.exec` over the socket, without a program to start.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { ask } from '../../test/support/ask.ts'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../../test/support/mesh.ts'
import { figure, quantile, round, spread } from './figures.ts'
import { cli, docker, dockerCli, engine, image } from './lab.ts'

const megabytes = Number(process.argv[2] ?? 200)
const rounds = Number(process.argv[3] ?? 10)

const name = 'bench-exec'
const bytes = megabytes * 1_000_000
const large = ['head', '-c', String(bytes), '/dev/zero']

interface Run {
  /** Milliseconds from the start of its process to its end. */
  readonly whole: number
  /** Milliseconds from the first byte that it printed to the last. */
  readonly flow: number
}

/** A whole run, which must print so many bytes. */
async function timed(words: readonly string[], expected: number): Promise<Run> {
  const [file = '', ...rest] = words
  const begin = performance.now()
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let [count, first, last] = [0, 0, 0]
  child.stdout.on('data', (chunk: Buffer) => {
    last = performance.now()
    if (count === 0) first = last
    count += chunk.length
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0 || count !== expected) throw new Error(`${words.join(' ')} ended with ${code} after ${count} bytes`)
  return { whole: performance.now() - begin, flow: last - first }
}

const through = (peer: Daemon, command: readonly string[]): string[] => [
  ...[process.execPath, cli, '--gateway', `unix:${peer.socket}`, 'exec', name, '--'],
  ...command,
]

async function measure(host: Daemon, other: Daemon, container: string): Promise<void> {
  const byDocker = [dockerCli, '-H', engine, 'exec', container]
  const times = new Map<string, number[]>()
  const note = (what: string, ms: number): void => void times.set(what, [...(times.get(what) ?? []), ms])
  const request = async (): Promise<number> => {
    const begin = performance.now()
    await ask(other.socket, 'container.exec', { workloadId: name, command: ['true'] })
    return performance.now() - begin
  }
  const ways = [
    ['_docker', (command: readonly string[]) => [...byDocker, ...command]],
    ['', (command: readonly string[]) => through(host, command)],
    ['_from_afar', (command: readonly string[]) => through(other, command)],
  ] as const
  for (let each = 0; each < rounds; each += 1) {
    for (const [way, words] of ways) note(`true${way}`, (await timed(words(['true']), 0)).whole)
    note('true_request_from_afar', await request())
    for (const [way, words] of ways) {
      const { whole, flow } = await timed(words(large), bytes)
      note(`stdout${way}`, whole)
      note(`stdout_flow${way}`, flow)
    }
  }
  tell(times)
}

function tell(times: ReadonlyMap<string, readonly number[]>): void {
  const middle = (what: string): number => quantile(times.get(what) ?? [], 0.5)
  for (const [what, samples] of times) {
    const isLarge = what.startsWith('stdout')
    const kind = isLarge ? (what.startsWith('stdout_flow') ? 'stdout_flow' : 'stdout') : 'true'
    const reference = middle(`${kind}_docker`)
    if (isLarge) {
      const rate = round(bytes / 1_000 / middle(what))
      figure(`exec_${what}`, 'MB/s', {
        p50: rate,
        ratio: round(reference / middle(what)),
        megabytes,
        samples: samples.length,
      })
    } else figure(`exec_${what}`, 'ms', { ...spread(samples), ratio: round(middle(what) / reference) })
  }
}

const mesh = await Mesh.start({ names: ['other'], gpus: '' })
let container = ''
try {
  const host = await mesh.add('host', { gpus: '', extra: ['--executor', 'docker', '--docker-host', engine] })
  const other = mesh.get(0)
  await ask(other.socket, 'workload.run', {
    ...{ image, name, node: 'host', gpus: 0, network: 'host' },
    command: ['sleep', '3600'],
  })
  const info = (): Promise<WorkloadInfo & { id: string }> => ask(other.socket, 'workload.info', { workload: name })
  const { id } = await eventually(`${name} runs`, 120_000, info, ({ state }) => state === 'running')
  container = await docker('ps', '-q', '--filter', `label=claw.workload=${id}`)
  await measure(host, other, container)
} finally {
  await mesh.stop()
  if (container !== '') await docker('rm', '-f', container)
}
