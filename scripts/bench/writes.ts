/**
 * Committed writes a second through three daemons, each write on the disks of a majority before it is answered. Real daemons on
 * loopback; the clients are spread over all three, so two writes of three go through a follower to the leader. A write adds an
 * operator key that is there already: it goes all the way, and the state stays as small as it was.
 *
 *     node scripts/bench/run.mjs writes [seconds]
 *
 * TMPDIR says which disk is measured. With three members of etcd named in CLAW_LAB_ETCD (scripts/lab/etcd.sh), each load is put on
 * them right after, and the ratio is told.
 */
import { request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { ask } from '../../test/support/ask.ts'
import { Mesh } from '../../test/support/mesh.ts'
import { bareFsyncs } from './bare-fsync.ts'
import { figure, round, spread } from './figures.ts'

const spanMs = Number(process.argv[2] ?? 10) * 1_000

/** One write by the client of this number. */
type Write = (client: number) => Promise<void>

interface Rate {
  readonly perSecond: number
  readonly latencies: readonly number[]
}

async function load(write: Write, clients: number): Promise<Rate> {
  const latencies: number[] = []
  const start = performance.now()
  const client = async (number: number): Promise<void> => {
    while (performance.now() - start < spanMs) {
      const asked = performance.now()
      await write(number)
      latencies.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  return { perSecond: (latencies.length * 1_000) / (performance.now() - start), latencies }
}

async function ourWrite(mesh: Mesh): Promise<Write> {
  const { id: key } = await ask<{ id: string }>(mesh.get(0).socket, 'gateway.ping')
  return async (number) => {
    await ask(mesh.get(number % mesh.daemons.length).socket, 'operator.add', { key, name: 'bench' })
  }
}

/** As many bytes as one of our commands has, over its HTTP door too, and to all members alike. */
const etcdWrite =
  (members: readonly string[]): Write =>
  (number) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ key: base64(`bench/${number}`), value: base64('x'.repeat(192)) })
      const url = `${members[number % members.length] ?? ''}/v3/kv/put`
      const sent = request(url, { method: 'POST' }, (response) => {
        response.resume().on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`etcd: ${response.statusCode ?? 0}`))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function tell(system: string, clients: number, { perSecond, latencies }: Rate): void {
  figure('committed_writes', 'writes/s', { system, clients, perSecond: round(perSecond) })
  figure('committed_write_latency', 'ms', { system, clients, ...spread(latencies) })
}

const etcd = process.env['CLAW_LAB_ETCD']
const mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
try {
  await mesh.voters(3)
  figure('bare_fsync', 'fsyncs/s', { perSecond: round(bareFsyncs(mesh.directory)) })
  const write = await ourWrite(mesh)
  for (const clients of [1, 64]) {
    const ours = await load(write, clients)
    tell('clawbernetes', clients, ours)
    if (etcd === undefined) continue
    const theirs = await load(etcdWrite(etcd.split(',')), clients)
    tell('etcd', clients, theirs)
    figure('committed_writes_to_etcd', 'ratio', { clients, ratio: round(ours.perSecond / theirs.perSecond) })
  }
} finally {
  await mesh.stop()
}
