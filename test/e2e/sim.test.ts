/** `clawbernetes sim` as a user runs it: its report must agree with what happened, and it must leave nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SimReport } from '../../src/sim/report.ts'
import { eventually, runCli } from '../support/mesh.ts'

const scenario = `
name = "short"
peers = 5
gpus = "2xH100"
settle = "90s"

[work]
count = 20
over = "8s"
gpus = [1, 2]
duration = { distribution = "uniform", mean = "1500ms", min = "500ms" }
failing = 0.2

[[faults]]
kind = "crash"
target = "leader"
at = "3s"
restart_after = "4s"
`

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claw-sim-test-'))
  writeFileSync(join(directory, 'short.toml'), scenario)
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = (name: string): string => join(directory, name)
/** Simulations of this test keep their files here, and only here. */
const environment = (): Readonly<Record<string, string>> => ({ TMPDIR: directory })
const leftovers = (): readonly string[] => readdirSync(directory).filter((name) => name.startsWith('claw-sim-'))

test('given five peers and a leader that is killed, when it is simulated, then the report agrees with what happened', async () => {
  const words = ['sim', path('short.toml'), '--seed', '3', '--html', path('report.html'), '--json']
  const { code, stdout, stderr } = await runCli(words, environment())
  expect([code, stderr]).toEqual([0, ''])
  const report = JSON.parse(stdout) as SimReport

  const { workloads, waits, faults, failovers, leaders, losses, samples } = report
  expect(workloads).toMatchObject({ planned: 20, accepted: 20, unfinished: 0, refused: {} })
  const states = Object.values(workloads.byState).reduce((sum, count) => sum + count, 0)
  expect(states).toBe(20)
  expect(workloads.byState['failed'] ?? 0).toBe(workloads.errors['NONZERO_EXIT'] ?? 0)
  expect(waits.count).toBe(20)
  expect(waits.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(20)

  const crash = faults.find(({ kind }) => kind === 'crash')
  expect(crash).toMatchObject({ hitLeader: true, peers: [leaders[0]?.leader] })
  expect(faults.map(({ kind }) => kind)).toEqual(['crash', 'restart'])
  expect(failovers).toHaveLength(1)
  expect(failovers[0]).toMatchObject({ from: leaders[0]?.leader, to: expect.stringMatching(/^peer-\d$/) })
  expect(failovers[0]?.to).not.toBe(failovers[0]?.from)
  expect(failovers[0]?.writableAfter).toBeGreaterThan(0)
  expect(losses).toHaveLength(1)

  expect(Math.max(...samples.map(({ gpusTotal }) => gpusTotal))).toBe(10)
  expect(samples.every(({ gpusUsed }) => gpusUsed >= 0 && gpusUsed <= 10)).toBe(true)
  expect(samples.at(-1)).toMatchObject({ running: 0, pending: 0, gpusUsed: 0 })

  const page = readFileSync(path('report.html'), 'utf8')
  for (const plot of ['GPU utilisation over time', 'Queue length over time', 'Waiting times', 'Leaders over time'])
    expect(page).toContain(`data-plot="${plot}"`)
  expect(leftovers()).toEqual([])
})

test('given a simulation that runs, when Ctrl-C comes, then it reports what it saw and leaves no process and no file', async () => {
  const program = fileURLToPath(new URL('../../dist/clawbernetes.js', import.meta.url))
  const child = spawn(process.execPath, [program, 'sim', path('short.toml'), '--html', path('report.html')], {
    env: { ...process.env, ...environment() },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await eventually(
    'the mesh works',
    60_000,
    () => Promise.resolve(said),
    (text) => text.includes('leads in term'),
  )
  const hosts = hostProcesses()
  expect(hosts.length).toBeGreaterThan(0)
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect(hostProcesses()).toEqual([])
  expect(leftovers()).toEqual([])
  expect(readFileSync(path('report.html'), 'utf8')).toContain('interrupted')
})

/** Processes that work in this test's folder. */
function hostProcesses(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sim-worker.js') &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${directory}`)
        )
      } catch (error) {
        // It has ended meanwhile, or is somebody else's.
        if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
        throw error
      }
    })
}
