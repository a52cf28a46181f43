/** The report for a terminal. */
import type { SimReport } from './report.ts'
import { isComplete } from './report.ts'
import { countsInWords, orNever, spanInWords, speedInWords } from './words.ts'

const width = 24

export function textOf(report: SimReport): readonly string[] {
  const { scenario, workloads, waits, utilisation, queue, spread, failovers, losses, faults, notes } = report
  const fact = (name: string, value: string): string => `${`${name}:`.padEnd(width)} ${value}`
  const done = workloads.accepted - workloads.unfinished
  return [
    `SIMULATION ${scenario.name}, seed ${scenario.seed}${report.interrupted ? ' (interrupted)' : ''}`,
    fact('Peers', `${scenario.peers} with ${scenario.gpusOfEach} each, formed in ${spanInWords(report.formedInMs)}`),
    fact('Lasted', `${spanInWords(report.lastedMs)}${speedInWords(scenario.speed)}`),
    fact('Workloads ended', `${done} of ${workloads.planned} (${countsInWords(workloads.byState)})`),
    ...(Object.keys(workloads.refused).length === 0 ? [] : [fact('Refused', countsInWords(workloads.refused))]),
    ...(Object.keys(workloads.errors).length === 0 ? [] : [fact('Errors', countsInWords(workloads.errors))]),
    fact('Placed more than once', String(workloads.placedAgain)),
    ...(Object.keys(workloads.setbacks).length === 0 ? [] : [fact('Because', countsInWords(workloads.setbacks))]),
    fact('Waiting', quantilesInWords(waits)),
    fact('GPUs in use', `${utilisation.mean} % on average, ${utilisation.peak} % at most`),
    fact('Queue', `${queue.mean} on average, ${queue.peak} at most`),
    fact('Gossip to one peer', quantilesInWords(spread.onePeer)),
    fact('Gossip to all peers', quantilesInWords(spread.allPeers)),
    '',
    'FAULTS',
    ...(faults.length === 0 ? ['none'] : faults.map(({ at, words }) => `${spanInWords(at).padStart(12)}  ${words}`)),
    ...failovers.map(
      ({ at, cause, to, electedAfter, writableAfter }) =>
        `${spanInWords(at).padStart(12)}  ${cause}: ${to ?? 'nobody'} leads after ${orNever(electedAfter)}, writes are taken after ${orNever(writableAfter)}`,
    ),
    ...losses.map(
      ({ at, peer, known, missing }) =>
        `${spanInWords(at).padStart(12)}  ${peer} is gone: ${known.count} peers saw it, the last after ${spanInWords(known.max)}${missing === 0 ? '' : `; ${missing} did not`}`,
    ),
    ...notes.map((note) => `note: ${note}`),
    '',
    isComplete(report) ? 'All work ended.' : 'Not all work ended.',
  ]
}

const quantilesInWords = ({
  count,
  p50,
  p90,
  p99,
  max,
}: SimReport['waits'] | SimReport['spread']['onePeer']): string =>
  count === 0
    ? 'not seen'
    : `p50 ${spanInWords(p50)}, p90 ${spanInWords(p90)}, p99 ${spanInWords(p99)}, at most ${spanInWords(max)}`
