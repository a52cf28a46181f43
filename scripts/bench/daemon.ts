/** What an idle daemon costs, and how fast the CLI answers. Real processes on loopback. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Mesh } from '../../test/support/mesh.ts'
import { figure, quantile, round, spread } from './figures.ts'

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

/** Wall times of commands, in turn, so that all of them meet the same machine. */
async function inTurn(rounds: number, commands: Readonly<Record<string, () => Promise<number>>>): Promise<void> {
  const samples = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]))
  for (let at = 0; at < rounds; at += 1)
    for (const [name, once] of Object.entries(commands)) samples.get(name)?.push(await once())
  for (const [name, each] of samples) figure(`${name}_wall`, 'ms', spread(each))
  const median = (name: string): number => quantile(samples.get(name) ?? [], 0.5)
  figure('cli_status_to_bare_node', 'ratio of medians', { ratio: round(median('cli_status') / median('bare_node')) })
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
  await inTurn(20, {
    bare_node: () => wall('', '-e', '0'),
    cli_help: () => wall('clawbernetes.js', '--help'),
    cli_status: () => wall('clawbernetes.js', '--gateway', `unix:${socket}`, 'status'),
  })
} finally {
  await mesh.stop()
}
