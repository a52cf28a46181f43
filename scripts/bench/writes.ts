/**
 * Committed writes a second through three daemons, each write on the disks of a majority before it is answered. Real daemons on
 * loopback; the clients are spread over all three, so two writes of three go through a follower to the leader. A write adds an
 * operator key that is there already: it goes all the way, and the state stays as small as it was.
 *
 *     node scripts/bench/run.mjs writes [seconds]
 *
 * TMPDIR says which disk is measured.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { ask } from '../../test/support/ask.ts'
import { Mesh } from '../../test/support/mesh.ts'
import { figure, round, spread } from './figures.ts'

const spanMs = Number(process.argv[2] ?? 10) * 1_000

/** How many times a second this disk takes a small record, one after the other: what the figures are to be held against. */
function bareFsyncs(directory: string): number {
  const path = join(directory, 'fsync-probe')
  const file = openSync(path, 'w')
  const record = Buffer.alloc(256)
  const start = performance.now()
  let count = 0
  for (; performance.now() - start < 2_000; count += 1) {
    writeSync(file, record)
    fsyncSync(file)
  }
  closeSync(file)
  rmSync(path)
  return (count * 1_000) / (performance.now() - start)
}

async function load(mesh: Mesh, clients: number): Promise<void> {
  const { id: key } = await ask<{ id: string }>(mesh.get(0).socket, 'gateway.ping')
  const latencies: number[] = []
  const start = performance.now()
  const client = async (number: number): Promise<void> => {
    const { socket } = mesh.get(number % mesh.daemons.length)
    while (performance.now() - start < spanMs) {
      const asked = performance.now()
      await ask(socket, 'operator.add', { key, name: 'bench' })
      latencies.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  const perSecond = (latencies.length * 1_000) / (performance.now() - start)
  figure('committed_writes', 'writes/s', { clients, perSecond: round(perSecond) })
  figure('committed_write_latency', 'ms', { clients, ...spread(latencies) })
}

const mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
try {
  await mesh.voters(3)
  figure('bare_fsync', 'fsyncs/s', { perSecond: round(bareFsyncs(mesh.directory)) })
  for (const clients of [1, 64]) await load(mesh, clients)
} finally {
  await mesh.stop()
}
