/**
 * How soon all peers know that a node has given out a GPU. Real daemons on loopback; the GPUs are simulated, and so is their load.
 *
 *     node scripts/bench/run.mjs capacity [sizes] [trials]
 *
 * Measured from the leader's decision to give the GPU out until the report in which the node says so has come to the last peer. All
 * share one clock, and each is asked once a trial, when all is over: asking more often would slow down what is measured.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/support/ask.ts'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../../test/support/mesh.ts'
import { figure, spread } from './figures.ts'

const sizes = (process.argv[2] ?? '3,10,30').split(',').map(Number)
const trialsFor = (size: number): number => Number(process.argv[3] ?? (size > 10 ? 10 : 20))

interface Metrics {
  readonly at: string | null
  readonly receivedAt: string | null
  readonly busy: readonly string[]
}

interface Event {
  readonly at: string
  readonly type: string
  readonly workload: string | null
}

interface Trial {
  /** From the decision to the report on the node itself. */
  readonly reported: number
  /** From the decision until the report has come to each of the others. */
  readonly received: readonly number[]
}

const metricsAt = (peer: Daemon, of: Daemon): Promise<Metrics> =>
  ask<Metrics>(peer.socket, 'node.metrics', { node: of.name })
const since = (from: string, to: string | null): number => Date.parse(to ?? '') - Date.parse(from)

async function trial(mesh: Mesh, node: Daemon): Promise<Trial> {
  const spec = { image: 'host', command: ['sleep', '600'], gpus: 1, node: node.name }
  const { id } = await ask<{ id: string }>(node.socket, 'workload.run', spec)
  const own = await eventually(
    `${node.name} reports its GPU as given out`,
    30_000,
    () => metricsAt(node, node),
    ({ busy }) => busy.length === 1,
  )
  await sleep(mesh.daemons.length > 10 ? 3_000 : 1_500)
  const events = await ask<readonly Event[]>(node.socket, 'node.events', { node: node.name, limit: 20 })
  const placed = events.find(({ type, workload }) => type === 'workload.placed' && workload === id)
  if (placed === undefined) throw new Error(`${id} was not placed`)
  const seen: Metrics[] = []
  for (const peer of mesh.daemons) if (peer !== node) seen.push(await metricsAt(peer, node))
  await ask(node.socket, 'workload.stop', { workload: id, force: true })
  await eventually(
    `${id} ends`,
    30_000,
    () => ask<WorkloadInfo>(node.socket, 'workload.info', { workload: id }),
    ({ state }) => state === 'stopped',
  )
  if (seen.some(({ busy, at }) => busy.length !== 1 || at !== own.at)) throw new Error('not all hold the same report')
  return {
    reported: since(placed.at, own.at),
    received: seen.map(({ receivedAt }) => since(placed.at, receivedAt)),
  }
}

async function measure(size: number): Promise<void> {
  const names = Array.from({ length: size }, (_, at) => `node-${at + 1}`)
  const mesh = await Mesh.start({ names, gpus: '1xH100' })
  try {
    await mesh.voters(size < 5 ? Math.min(size, 3) : 5)
    await sleep(5_000 + 200 * size)
    const trials: Trial[] = []
    for (let at = 0; at < trialsFor(size); at += 1) {
      trials.push(await trial(mesh, mesh.get(at % size)))
      // The next report must not have to wait for the last one.
      await sleep(1_500)
    }
    figure('capacity_reported', 'ms', { nodes: size, ...spread(trials.map(({ reported }) => reported)) })
    figure('capacity_on_a_peer', 'ms', { nodes: size, ...spread(trials.flatMap(({ received }) => received)) })
    figure('capacity_on_all_peers', 'ms', {
      nodes: size,
      ...spread(trials.map(({ received }) => Math.max(...received))),
    })
  } finally {
    await mesh.stop()
  }
}

for (const size of sizes) await measure(size)
