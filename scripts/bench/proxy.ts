/**
 * Requests through the service proxy: at the peer that runs the replica, and at another, against the replica itself. In turn, so that all meet
 * the same machine; the ratios are to the direct requests of the same run.
 *
 *     node scripts/bench/run.mjs proxy [seconds] [rounds]
 *
 * One connection tells what a request costs, many how many there can be. The load, the replica and both daemons share the processors, so
 * rates are lower bounds.
 */
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { ask } from '../../test/support/ask.ts'
import { eventually, freePort, Mesh } from '../../test/support/mesh.ts'
import { figure, quantile, round, spread } from './figures.ts'

const seconds = Number(process.argv[2] ?? 3)
const rounds = Number(process.argv[3] ?? 3)
const clients = [1, 32]
const megabytes = 64

/** Answers with its own port, and with a large body where it is asked for one. */
const program = `
const { createServer } = require('node:http')
const large = Buffer.alloc(65_536)
createServer(({ url, method }, response) => {
  if (url !== '/large') return response.end(method === 'GET' ? process.env.PORT : 'taken')
  let left = ${megabytes * 16}
  const more = () => {
    while (left > 0) {
      left -= 1
      if (!response.write(large)) return response.once('drain', more)
    }
    response.end()
  }
  more()
}).listen(process.env.PORT, '127.0.0.1')
`

interface Where {
  readonly host: string
  readonly port: number
}

interface Answer {
  readonly status: number
  readonly bytes: number
  readonly text: string
}

function get(where: Where, agent: Agent, { path = '/', method = 'GET' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...where, agent, path, method }, (response) => {
      let bytes = 0
      let text = ''
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (chunk.length < 16) text += chunk.toString()
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

interface Samples {
  readonly latencies: number[]
  /** Requests a second, of each round. */
  readonly rates: number[]
}

async function load(where: Where, count: number, method: string, samples: Samples): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: count })
  const begin = performance.now()
  let answered = 0
  const client = async (): Promise<void> => {
    while (performance.now() - begin < seconds * 1_000) {
      const asked = performance.now()
      const { status } = await get(where, agent, { method })
      if (status !== 200) throw new Error(`${where.host}:${where.port} answered ${status}`)
      samples.latencies.push(performance.now() - asked)
      answered += 1
    }
  }
  await Promise.all(Array.from({ length: count }, client))
  samples.rates.push((answered * 1_000) / (performance.now() - begin))
  agent.destroy()
}

/** MB a second of one large answer. */
async function large(where: Where): Promise<number> {
  const agent = new Agent()
  const begin = performance.now()
  const { bytes } = await get(where, agent, { path: '/large' })
  if (bytes !== megabytes * 1_048_576) throw new Error(`${bytes} bytes of a large answer`)
  return bytes / 1_000 / (performance.now() - begin)
}

async function measure(ways: Readonly<Record<string, Where>>): Promise<void> {
  for (const [method, count] of [...clients.map((each) => ['GET', each] as const), ['POST', 8] as const]) {
    const all = new Map(Object.keys(ways).map((way) => [way, { latencies: [], rates: [] } satisfies Samples]))
    for (let each = 0; each < rounds; each += 1)
      for (const [way, samples] of all) await load(ways[way] as Where, count, method, samples)
    const middle = (way: string): number => quantile(all.get(way)?.rates ?? [], 0.5)
    for (const [way, { latencies }] of all)
      figure(`proxy_${way}${method === 'POST' ? '_post' : ''}`, 'ms', {
        clients: count,
        ...spread(latencies),
        perSecond: round(middle(way)),
        ratio: round(middle(way) / middle('direct')),
      })
  }
  const rates = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]))
  for (let each = 0; each < rounds; each += 1)
    for (const [way, samples] of rates) samples.push(await large(ways[way] as Where))
  const middle = (way: string): number => quantile(rates.get(way) ?? [], 0.5)
  for (const way of rates.keys())
    figure(`proxy_${way}_large`, 'MB/s', {
      p50: round(middle(way)),
      ratio: round(middle(way) / middle('direct')),
      megabytes,
    })
}

const hosts = { one: '127.0.0.1', two: '127.0.0.2' } as const
const mesh = new Mesh()
try {
  for (const [name, host] of Object.entries(hosts))
    await mesh.add(name, { environment: { CLAWNODE_SERVICE_BIND: host } })
  const script = join(mesh.directory, 'server.cjs')
  writeFileSync(script, program)
  const port = await freePort()
  const { socket } = mesh.get(0)
  await ask(socket, 'deploy.create', {
    ...{ name: 'bench', image: 'host', command: [process.execPath, script], executor: 'process', replicas: 1 },
    ...{ service: port, ports: [8_080] },
  })
  const agent = new Agent()
  for (const host of Object.values(hosts))
    await eventually(
      `requests are taken at ${host}`,
      30_000,
      () => get({ host, port }, agent),
      ({ status }) => status === 200,
    )
  const { replicasByName } = await ask<{ replicasByName: readonly { node: string }[] }>(socket, 'deploy.status', {
    deployment: 'bench',
  })
  const isAtOne = replicasByName[0]?.node === 'one'
  const own = await get({ host: hosts.one, port }, agent)
  await measure({
    direct: { host: '127.0.0.1', port: Number(own.text) },
    local: { host: isAtOne ? hosts.one : hosts.two, port },
    remote: { host: isAtOne ? hosts.two : hosts.one, port },
  })
} finally {
  await mesh.stop()
}
