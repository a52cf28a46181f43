/** The report of a market for a terminal. */
import { moltInWords } from '../../model/amount.ts'
import { countsInWords, spanInWords } from '../words.ts'
import type { Losses, MarketReport } from './report.ts'
import { isSound } from './report.ts'

const width = 24

export function marketText(report: MarketReport): readonly string[] {
  const { size, seed, jobs, waits, prices, utilisation, providers, buyers, cheats, reputation, credit, doubled } =
    report
  const fact = (name: string, value: string): string => `${`${name}:`.padEnd(width)} ${value}`
  return [
    `MARKET of ${size.providers} providers and ${size.buyers} buyers, ${size.cheats} % of them cheats, seed ${seed}`,
    fact('Jobs', `${jobs.asked} in ${spanInWords(size.span)}, ${jobs.completed} completed`),
    fact('Filled', `${jobs.filled} % of what honest buyers asked for (${countsInWords(jobs.byEnd)})`),
    fact('Went on elsewhere', String(jobs.failedOver)),
    fact('From asked to running', `p50 ${spanInWords(waits.p50)}, p99 ${spanInWords(waits.p99)}`),
    fact('GPUs lent', `${utilisation.mean} % on average, ${utilisation.peak} % at most`),
    '',
    'PRICES for a GPU-hour',
    ...prices.map(
      ({ model, leases, gpuHours, lowest, mean, highest }) =>
        `${model.padEnd(width)} ${molt(mean)} (${molt(lowest)} to ${molt(highest)}), ${gpuHours} GPU-hours in ${leases} leases`,
    ),
    '',
    'LOSSES of honest parties',
    fact('Providers', lossesInWords(providers)),
    fact('Buyers', lossesInWords(buyers)),
    '',
    'CHEATS',
    ...cheats.map(({ trick, parties, gained, worst }) =>
      fact(trick, `${parties} gained ${molt(gained)}, at most ${molt(worst)} in one lease`),
    ),
    fact(
      'Names, of 100',
      `honest providers ${scoreInWords(reputation.honestProviders)}, cheating ones ${scoreInWords(reputation.cheatingProviders)}, wash traders at best ${scoreInWords(reputation.washed)}`,
    ),
    '',
    fact('All balances together', molt(credit.sum)),
    fact('Fees', molt(credit.fees)),
    fact('Still set aside', molt(credit.held)),
    fact('GPUs promised twice', String(doubled)),
    fact('Not closed', String(jobs.unclosed)),
    '',
    isSound(report) ? 'All promises were kept.' : 'Not all promises were kept.',
  ]
}

/** Of µMOLT as digits. */
const molt = (digits: string): string => moltInWords(BigInt(digits))

const scoreInWords = (score: number | null): string => (score === null ? 'unknown' : String(score))

const lossesInWords = ({ leases, losing, total, worst, bound, broken }: Losses): string =>
  `${molt(total)} in ${losing} of ${leases} leases; the worst ${molt(worst)} of ${molt(bound)} that it could be; ${broken === 0 ? 'none' : broken} above what was promised`
