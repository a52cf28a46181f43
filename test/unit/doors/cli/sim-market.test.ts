import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { simulateMarket } from '../../../../src/bin/sim/market.ts'
import { main } from '../../../../src/doors/cli/main.ts'
import type { MarketRequest } from '../../../../src/sim/market/request.ts'
import type { MarketReport } from '../../../../src/sim/market/report.ts'
import { fakeHost } from '../../../support/fake-host.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claw-sim-market-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Runs the command on a market that is small enough for a test. */
async function simMarket(
  words: readonly string[],
  change: (report: MarketReport) => MarketReport = (report) => report,
) {
  const asked: MarketRequest[] = []
  const host = {
    ...fakeHost(),
    simulateMarket(request: MarketRequest) {
      asked.push(request)
      const size = { ...request.size, providers: 4, buyers: 4, span: 3_600_000 }
      return Promise.resolve(change(simulateMarket({ ...request, size })))
    },
  }
  const path = join(directory, 'report.txt')
  const code = await main(['sim', 'market', '--report', path, ...words], host, new AbortController().signal)
  return { code, host, asked: asked[0], path }
}

describe('given a market to play', () => {
  test('then it is as large as was asked, and the report is shown and written', async () => {
    const { code, host, asked, path } = await simMarket(['--seed', '7', '--cheats', '30', '--jobs', '2'])
    expect([code, asked?.seed]).toEqual([0, 7])
    expect(asked?.size).toMatchObject({ providers: 200, buyers: 500, cheats: 30, jobs: 2 })
    expect(host.stdout.text).toContain('All promises were kept.')
    expect(readFileSync(path, 'utf8')).toContain('LOSSES of honest parties')
  })

  test('when it is wanted as data, then that is what it is', async () => {
    const { host } = await simMarket(['-o', 'json'])
    expect(JSON.parse(host.stdout.text)).toMatchObject({ credit: { sum: '0' }, doubled: 0 })
  })

  test('when a promise was not kept, then the exit code says so', async () => {
    const { code } = await simMarket([], (report) => ({ ...report, doubled: 1 }))
    expect(code).toBe(1)
  })

  test.each([
    ['--cheats', '101'],
    ['--providers', '0'],
    ['--buyers', '1.5'],
    ['--seed', '0.5'],
  ])('when %s is %s, then nothing is played', async (...words) => {
    const { code, asked } = await simMarket(words)
    expect(code).not.toBe(0)
    expect(asked).toBeUndefined()
  })
})
