/**
 * How late the leader's event loop gets, idle and while its API is loaded. Consensus runs on that loop, see docs/decisions/0008.
 *
 *     node scripts/bench/run.mjs eventloop [windows of 10 s each]
 *
 * The load: clients that list nodes and workloads and ask for the status without a pause, clients that commit writes, and one that
 * sends bodies of nearly the largest size that is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/support/ask.ts'
import { eventually, Mesh } from '../../test/support/mesh.ts'
import { figure, round } from './figures.ts'
import { scrape } from './scrape.ts'

const windows = Number(process.argv[2] ?? 3)
const metric = 'claw_daemon_eventloop_delay_ms'
const readers = 8
const writers = 8
/** Below 1 MiB, the largest body that the API takes. */
const largeText = 'x'.repeat(1_000_000)

async function watch(socket: string, load: string): Promise<void> {
  for (let window = 0; window < windows; window += 1) {
    const before = JSON.stringify([...(await scrape(socket, metric))])
    const values = await eventually(
      'the next figures',
      60_000,
      () => scrape(socket, metric),
      (now) => now.size > 0 && JSON.stringify([...now]) !== before,
    )
    const of = (quantile: string): number => round(values.get(`{quantile="${quantile}"}`) ?? Number.NaN)
    figure('eventloop_delay', 'ms', { load, p50: of('p50'), p99: of('p99'), max: of('max') })
  }
}

async function loaded(socket: string, work: () => Promise<void>): Promise<void> {
  const { id: key } = await ask<{ id: string }>(socket, 'gateway.ping')
  let done = false
  let requests = 0
  const again = async (once: () => Promise<unknown>): Promise<void> => {
    while (!done) {
      await once()
      requests += 1
    }
  }
  const read = async (): Promise<void> => {
    for (const operation of ['node.list', 'workload.list', 'status']) await ask(socket, operation)
  }
  const clients = [
    ...Array.from({ length: readers }, () => again(read)),
    ...Array.from({ length: writers }, () => again(() => ask(socket, 'operator.add', { key, name: 'bench' }))),
    again(() => ask(socket, 'node.info', { node: largeText }).catch(expectRefusal)),
  ]
  const start = performance.now()
  await work()
  done = true
  await Promise.all(clients)
  figure('eventloop_load', 'rounds/s', { perSecond: round((requests * 1_000) / (performance.now() - start)) })
}

/** The body is parsed and checked, and then refused: that is its cost. */
function expectRefusal(error: unknown): void {
  if (!(error instanceof Error && /INVALID_REQUEST|NODE_NOT_FOUND|TOO_LARGE/.test(error.message))) throw error
}

const mesh = await Mesh.start({ names: ['one', 'two', 'three'], gpus: '8xH100' })
try {
  await mesh.voters(3)
  for (let at = 0; at < 50; at += 1)
    await ask(mesh.get(0).socket, 'workload.run', { image: 'host', command: ['true'], gpus: 9, name: `waits-${at}` })
  const { socket } = await mesh.leader()
  await sleep(12_000)
  await watch(socket, 'idle')
  await loaded(socket, async () => {
    await sleep(12_000)
    await watch(socket, 'API')
  })
} finally {
  await mesh.stop()
}
