import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../../../src/doors/cli/main.ts'
import { planOf } from '../../../../src/sim/plan.ts'
import { reportOf } from '../../../../src/sim/report.ts'
import type { SimulationRequest } from '../../../../src/sim/simulation.ts'
import type { Observed } from '../../../../src/sim/observed.ts'
import { type FakeHost, fakeHost } from '../../../support/fake-host.ts'
import { observed, randomOf } from '../../sim/samples.ts'

let directory: string
const path = (name: string): string => join(directory, name)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claw-sim-command-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

interface Run {
  readonly code: number
  readonly host: FakeHost
  readonly asked: SimulationRequest | null
}

/** Runs the command; the simulation says what it is told to have seen. */
async function sim(words: readonly string[], seen: Partial<Observed> = {}, isTTY = false): Promise<Run> {
  let asked: SimulationRequest | null = null
  const host: FakeHost = {
    ...fakeHost({ isTTY }),
    simulate(request) {
      asked = request
      const { scenario, trace, seed, onProgress, onEvent } = request
      const counts = { peersUp: 5, peers: 5, submitted: 2, planned: 3, running: 1, pending: 1, leader: 'peer-1' }
      onProgress({ phase: 'working', elapsed: 1_000, ...counts })
      onEvent('peer-2 leads in term 2')
      onProgress({ phase: 'working', elapsed: 1_500, ...counts })
      const plan = planOf(scenario, trace, randomOf(seed))
      return Promise.resolve(reportOf(scenario, plan, seed, observed({ accepted: plan.arrivals.length, ...seen })))
    },
  }
  const code = await main(['sim', ...words], host, new AbortController().signal)
  return { code, host, asked }
}

describe('given a scenario', () => {
  test('when it is played, then the report is shown and the page is where it was wanted', async () => {
    const { code, host, asked } = await sim(['--seed', '7', '--workloads', '3', '--html', path('page.html')])
    expect([code, asked?.seed, asked?.scenario.name]).toEqual([0, 7, 'small'])
    expect(host.stdout.text).toContain('SIMULATION small, seed 7')
    expect(readFileSync(path('page.html'), 'utf8')).toContain('data-plot="Waiting times"')
    expect(host.stderr.text).toContain(`Report: ${path('page.html')}`)
  })

  test('when machines read it, then standard output is the report and nothing else is said', async () => {
    const { host } = await sim(['partition', '--json', '--html', path('page.html')])
    expect(JSON.parse(host.stdout.text)).toMatchObject({ scenario: { name: 'partition', seed: 1 } })
    expect(host.stderr.text).toBe('')
  })

  test('when the command line says otherwise, then that counts', async () => {
    const words = ['hundred', '--peers', '20', '--workloads', '30', '--speed', '0.5', '--html', path('page.html')]
    const { asked } = await sim(words)
    expect(asked?.scenario).toMatchObject({ peers: 20, speed: 0.5, work: { count: 30 } })
  })

  test('when not all work ended, then the exit code says so', async () => {
    expect((await sim(['--html', path('page.html')], { accepted: 1 })).code).toBe(1)
  })

  test('when it is only to be shown, then nothing runs', async () => {
    const { host, asked } = await sim(['small', '--show'])
    expect(asked).toBeNull()
    expect(host.stdout.text).toContain('name = "small"')
  })
})

test('given a file with a trace beside it, when it is played, then the work is that of the trace', async () => {
  writeFileSync(path('mine.toml'), 'name = "mine"\npeers = 3\n[work]\narrivals = "trace"\ntrace = "jobs.csv"\n')
  writeFileSync(path('jobs.csv'), 'time,duration,gpus\n0,5,1\n1,5,2\n')
  const { asked } = await sim([path('mine.toml'), '--html', path('page.html')])
  expect(asked?.trace?.map(({ gpus }) => gpus)).toEqual([1, 2])
})

test('given a terminal, when it is played, then one line changes, and events stand above it', async () => {
  const { host } = await sim(['--html', path('page.html')], {}, true)
  expect(host.stderr.text).toContain('\r\u001b[K1.0 s  5/5 peers  leader peer-1  2/3 submitted  1 running, 1 waiting')
  expect(host.stderr.text).toContain('\r\u001b[K• peer-2 leads in term 2\n')
})

describe('given what cannot be played, when it is tried, then it fails before anything runs', () => {
  test.each([
    ['no such scenario', ['nowhere'], 'INVALID_REQUEST'],
    ['too slow', ['--speed', '0.001'], 'SCENARIO_INVALID'],
    ['half a seed', ['--seed', '1.5'], 'INVALID_REQUEST'],
  ])('%s', async (_, words, failure) => {
    const { code, host, asked } = await sim(words)
    expect([code, asked]).toEqual([5, null])
    expect(host.stderr.text).toContain(failure)
  })

  test('broken TOML', async () => {
    writeFileSync(path('bad.toml'), 'name = \n')
    const { code, host } = await sim([path('bad.toml')])
    expect(code).toBe(5)
    expect(host.stderr.text).toContain('line 1')
  })
})
