/**
 * Requests from outside through the ingress of one daemon, through nginx with one worker, and to a replica itself. In turn, so that all meet the
 * same machine; `toNginx` is the ratio of the medians of the same run. The replicas are nginx too, so that they are never what is waited for.
 *
 *     export $(scripts/lab/nginx.sh env)
 *     node scripts/bench/run.mjs ingress [seconds] [rounds]
 *
 * The load, both replicas and what passes on share the processors, so rates are lower bounds.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { selfSigned } from '../../src/adapters/tls/self-signed.ts'
import { ask } from '../../test/support/ask.ts'
import { eventually, freePort, Mesh } from '../../test/support/mesh.ts'
import { figure, quantile, round } from './figures.ts'
import type { Load, Programs, Tally } from './nginx.ts'
import { askWithWrk, programs, replicaCommand, startNginx, stopNginx } from './nginx.ts'

const seconds = Number(process.argv[2] ?? 3)
const rounds = Number(process.argv[3] ?? 3)
const host = 'app.example.org'
const here = '127.0.0.1'

const small = { path: '/', body: 0 }
const loads: Readonly<Record<string, Pick<Load, 'connections' | 'path' | 'body'> & { readonly tls?: true }>> = {
  small_1: { ...small, connections: 1 },
  small_32: { ...small, connections: 32 },
  small_256: { ...small, connections: 256 },
  tls_32: { ...small, connections: 32, tls: true },
  post_32: { path: '/', body: 4_096, connections: 32 },
  large_8: { path: '/files/large', body: 0, connections: 8 },
}

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: here, port, agent: false, headers: { host } }, (answer) => {
      text(answer).then((body) => resolve(answer.statusCode === 200 ? body : ''), reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

interface Origins {
  readonly http: string
  readonly tls?: string
}

async function measure(folder: string, wrk: string, ways: Readonly<Record<string, Origins>>): Promise<void> {
  for (const [name, { tls, ...load }] of Object.entries(loads)) {
    const tallies = new Map<string, Tally[]>()
    for (let each = 0; each < rounds; each += 1)
      for (const [way, origins] of Object.entries(ways)) {
        const origin = tls === undefined ? origins.http : origins.tls
        if (origin === undefined) continue
        const tally = await askWithWrk(folder, wrk, origin, { ...load, seconds, host })
        tallies.set(way, [...(tallies.get(way) ?? []), tally])
      }
    const middle = (way: string, what: keyof Tally): number =>
      quantile(tallies.get(way)?.map((one) => one[what]) ?? [], 0.5)
    for (const [way, all] of tallies)
      figure(`ingress_${name}_${way}`, 'requests/s', {
        perSecond: round(middle(way, 'rate')),
        toNginx: round(middle(way, 'rate') / middle('nginx', 'rate')),
        ...{
          p50: round(middle(way, 'p50')),
          p99: round(middle(way, 'p99')),
          megabytes: round(middle(way, 'megabytes')),
        },
        errors: all.reduce((sum, { errors }) => sum + errors, 0),
      })
  }
}

async function compared({ nginx, wrk }: Programs, mesh: Mesh): Promise<void> {
  const folder = mesh.directory
  const files = join(folder, 'files')
  mkdirSync(files)
  writeFileSync(join(files, 'large'), Buffer.alloc(1_048_576, 'x'))
  const [http, https, port, tlsPort] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const [cert, key] = [join(folder, 'app.pem'), join(folder, 'app.key')]
  const made = selfSigned({
    name: host,
    hosts: [host],
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 86_400_000,
  })
  writeFileSync(cert, made.certificate)
  writeFileSync(key, made.key)
  const config = join(folder, 'ingress.toml')
  writeFileSync(
    config,
    `[ingress]\nlisten = "${here}:${http}"\ntls_listen = "${here}:${https}"\n[ingress.certificates.app]\ncert = "${cert}"\nkey = "${key}"\n`,
  )
  await mesh.add('one', { extra: ['--config', config] })
  const { socket } = mesh.get(0)
  await ask(socket, 'deploy.create', {
    ...{ name: 'web', image: 'host', command: replicaCommand(folder, nginx, files), executor: 'process', replicas: 2 },
    ...{ service: await freePort(), ports: [8_080] },
  })
  await ask(socket, 'ingress.create', { name: 'site', host, deployment: 'web' })
  const seen = new Set<string>()
  await eventually(
    'both replicas answer',
    30_000,
    async () => seen.add(await get(http)),
    () => seen.size - Number(seen.has('')) === 2,
  )
  const backends = [...seen].filter((one) => one !== '').map(Number)
  const child = startNginx(folder, nginx, { port, tlsPort, cert, key, backends })
  try {
    await eventually(
      'nginx answers',
      10_000,
      () => get(port),
      (body) => body !== '',
    )
    await measure(folder, wrk, {
      direct: { http: `http://${here}:${backends[0]}` },
      nginx: { http: `http://${here}:${port}`, tls: `https://${here}:${tlsPort}` },
      ours: { http: `http://${here}:${http}`, tls: `https://${here}:${https}` },
    })
  } finally {
    await stopNginx(child)
  }
}

const found = programs()
if (found === undefined)
  console.error(
    'bench: nginx and wrk are not named: sudo scripts/lab/nginx.sh up, then export $(scripts/lab/nginx.sh env)',
  )
else {
  const mesh = new Mesh()
  try {
    await compared(found, mesh)
  } finally {
    await mesh.stop()
  }
}
