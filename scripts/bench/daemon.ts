/** What an idle daemon costs, and how fast the CLI answers. Real processes on loopback. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Mesh } from '../../test/support/mesh.ts'
import { figure, round, spread } from './figures.ts'

const run = promisify(execFile)
const dist = (file: string): string => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))
const settleMs = 10_000
const watchMs = Number(process.argv[2] ?? 30) * 1_000

/** CPU time that a process has used, in ms (the kernel counts in hundredths of a second). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function residentMib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1]) / 1_024
}

async function wall(file: string, ...arguments_: readonly string[]): Promise<number> {
  const start = performance.now()
  await run(process.execPath, file === '' ? [...arguments_] : [dist(file), ...arguments_])
  return performance.now() - start
}

async function repeat(times: number, once: () => Promise<number>): Promise<readonly number[]> {
  const samples: number[] = []
  for (let i = 0; i < times; i += 1) samples.push(await once())
  return samples
}

const mesh = await Mesh.start({ names: ['one', 'two', 'three'], gpus: '8xH100' })
try {
  await mesh.voters(3)
  await sleep(settleMs)
  const before = mesh.daemons.map(({ pid }) => cpuMs(pid))
  await sleep(watchMs)
  const share = mesh.daemons.map(({ pid }, i) => (100 * (cpuMs(pid) - (before[i] ?? 0))) / watchMs)
  figure('idle_daemon_cpu', '% of a core', { each: share.map(round) })
  figure('idle_daemon_memory', 'MiB resident', { each: mesh.daemons.map(({ pid }) => round(residentMib(pid))) })
  const { socket } = mesh.get(0)
  figure(
    'cli_status_wall',
    'ms',
    spread(await repeat(20, () => wall('clawbernetes.js', '--gateway', `unix:${socket}`, 'status'))),
  )
  figure('cli_help_wall', 'ms', spread(await repeat(20, () => wall('clawbernetes.js', '--help'))))
  figure('bare_node_wall', 'ms', spread(await repeat(20, () => wall('', '-e', '0'))))
} finally {
  await mesh.stop()
}
