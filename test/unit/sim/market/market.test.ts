import { describe, expect, test } from 'vitest'
import { hour } from '../../../../src/model/time.ts'
import { playMarket } from '../../../../src/sim/market/market.ts'
import type { MarketSize } from '../../../../src/sim/market/population.ts'
import type { MarketReport } from '../../../../src/sim/market/report.ts'
import { isSound, marketReport } from '../../../../src/sim/market/report.ts'
import { marketText } from '../../../../src/sim/market/text.ts'
import { simSigner, simVerifier } from '../../../../src/simulation/signer.ts'
import { seededRandom } from '../../../../src/simulation/world.ts'

const reportOf = (parts: Partial<MarketSize> = {}, seed = 1): MarketReport => {
  const size = { providers: 24, buyers: 30, cheats: 30, jobs: 2, span: hour, ...parts }
  return marketReport(
    playMarket({ size, seed, random: seededRandom(seed), signerOf: simSigner, verifier: simVerifier }),
  )
}

describe('given a market with cheats', () => {
  const report = reportOf()

  test('then all promises are kept, and honest parties lose no more than was promised', () => {
    expect(isSound(report)).toBe(true)
    expect(report).toMatchObject({ doubled: 0, credit: { sum: '0', held: '0' }, jobs: { asked: 60, unclosed: 0 } })
    expect(report.jobs.completed).toBeGreaterThan(20)
    expect(BigInt(report.providers.worst)).toBeGreaterThan(0n)
    expect(BigInt(report.providers.worst)).toBeLessThanOrEqual(BigInt(report.providers.bound))
  })

  test('then those who traded with themselves have no name', () => {
    expect(report.cheats.map(({ trick }) => trick)).toContain('provider wash')
    expect(report.reputation.washed).toBeNull()
  })

  test('then the report says it in words', () => {
    expect(marketText(report)).toEqual(
      expect.arrayContaining([
        'MARKET of 24 providers and 30 buyers, 30 % of them cheats, seed 1',
        'All balances together:   0.00 MOLT',
        'All promises were kept.',
      ]),
    )
  })

  test('then another that is played with the same seed is the same', () => {
    expect(reportOf()).toEqual(report)
    expect(reportOf({}, 2)).not.toEqual(report)
  })
})

test('given a market without cheats, then no provider loses anything to a buyer', () => {
  const report = reportOf({ cheats: 0 })
  expect(report.cheats).toEqual([])
  expect(report.providers).toMatchObject({ losing: 0, total: '0' })
  expect(report.buyers).toMatchObject({ losing: 0, total: '0' })
})

test('given a report in which somebody has lost more than was promised, then it is not sound, and says so', () => {
  const report = reportOf({ buyers: 2 })
  const broken = { ...report, providers: { ...report.providers, broken: 1 } }
  expect(isSound(broken)).toBe(false)
  expect(marketText(broken).at(-1)).toBe('Not all promises were kept.')
})
