/**
 * A daemon that is killed, and an engine that is restarted with live-restore, under running containers: how long until all of them are
 * followed again, and whether a line of their output was lost or doubled. The engine is the benchmark's own.
 *
 *     sudo scripts/lab/docker.sh up; export $(scripts/lab/docker.sh env); node scripts/bench/run.mjs adoption [containers]
 */
import { performance } from 'node:perf_hooks'
import { ask } from '../../test/support/ask.ts'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../../test/support/mesh.ts'
import { startSecondEngine } from '../../test/support/second-engine.ts'
import { figure, round } from './figures.ts'
import { image } from './lab.ts'

const containers = Number(process.argv[2] ?? 50)
const names = Array.from({ length: containers }, (_, i) => `adopted-${i}`)

/** Counts aloud once a second, and ends when it is told to. */
const script = 'trap "exit 0" TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done'

async function start(host: Daemon, name: string): Promise<void> {
  const request = { name, image, gpus: 0, memory: 16, network: 'host', command: ['sh', '-c', script] }
  await ask(host.socket, 'workload.run', request)
}

const states = async (host: Daemon): Promise<readonly string[]> => {
  const all = await ask<readonly WorkloadInfo[]>(host.socket, 'workload.list', {})
  return all.filter(({ name }) => names.includes(name)).map(({ state }) => state)
}

async function lines(host: Daemon, workload: string): Promise<readonly number[]> {
  const all = await ask<readonly { text: string }[]>(host.socket, 'log.lines', { workload, lines: 100_000 })
  return all.map(({ text }) => Number(text.slice('line '.length)))
}

/** Until each has printed something that is kept again. */
async function followedAgain(host: Daemon, what: string, before: ReadonlyMap<string, number>, begin: number) {
  const waiting = new Set(names)
  const look = async (): Promise<number> => {
    for (const name of waiting) {
      const last = (await lines(host, name)).at(-1) ?? 0
      if (last > (before.get(name) ?? 0)) waiting.delete(name)
    }
    return waiting.size
  }
  await eventually('all are followed again', 120_000, look, (left) => left === 0)
  figure(`adoption_${what}`, 'ms', {
    containers,
    adopted: containers - waiting.size,
    ms: round(performance.now() - begin),
  })
}

async function counts(host: Daemon): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>()
  for (const name of names) last.set(name, (await lines(host, name)).at(-1) ?? 0)
  return last
}

async function tellLines(host: Daemon): Promise<void> {
  let [lost, doubled, total] = [0, 0, 0]
  for (const name of names) {
    const told = await lines(host, name)
    const seen = new Set(told)
    total += told.length
    doubled += told.length - seen.size
    lost += (told.at(-1) ?? 0) - seen.size
  }
  figure('adoption_lines', 'lines', { containers, total, lost, doubled })
}

const engine = startSecondEngine({ liveRestore: true })
const mesh = await Mesh.start({
  names: ['host'],
  gpus: '',
  extra: ['--executor', 'docker', '--docker-host', engine.address],
})
try {
  const host = mesh.get(0)
  for (const name of names) await start(host, name)
  const allRun = (all: readonly string[]): boolean => all.filter((state) => state === 'running').length === containers
  await eventually('all run', 600_000, () => states(host), allRun)

  const beforeKill = await counts(host)
  await host.end('SIGKILL')
  const killed = performance.now()
  await host.start()
  await followedAgain(host, 'daemon_killed', beforeKill, killed)

  engine.restart()
  const restarted = performance.now()
  await followedAgain(host, 'engine_restarted', await counts(host), restarted)

  for (const workload of names) await ask(host.socket, 'workload.stop', { workload })
  const allEnded = (all: readonly string[]): boolean => !all.some((state) => ['running', 'stopping'].includes(state))
  await eventually('all have ended', 600_000, () => states(host), allEnded)
  await tellLines(host)
} finally {
  await mesh.stop()
  engine.stop()
}
