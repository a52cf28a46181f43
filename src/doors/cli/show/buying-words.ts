/** What strangers run for a node, and what it costs, as commands show it. */
import { formatDuration, formatMib } from '../../../lib/units.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import { foundInWords } from './round-words.ts'
import type { Column } from './table.ts'
import { ago, facts, orDash } from './words.ts'

export type MoltJob = OutputOf<'moltjob.info'>
type Row = OutputOf<'moltjob.list'>[number]
type Quote = OutputOf<'molt.quote'>
type Preferences = OutputOf<'moltbuying.show'>

const stateInWords = ({ state, why }: Pick<Row, 'state' | 'why'>): string =>
  why === null || why === state ? state : `${state}, ${why}`

const costInWords = ({ cost: { paid, promised } }: Pick<Row, 'cost'>): string =>
  promised.micro === '0' ? paid.inWords : `${paid.inWords} and ${promised.inWords} promised`

function verifiedInWords({ verified }: OutputOf<'molt.market'>[number]): string {
  const shown = Object.entries(verified).filter(([word, count]) => word !== 'self-reported' && count > 0)
  return shown.map(([word, count]) => `${count} ${word}`).join(', ') || '—'
}

export const marketColumns: readonly Column<OutputOf<'molt.market'>[number]>[] = [
  { head: 'Model', cell: ({ model }) => model },
  { head: 'Memory', cell: ({ memoryMib }) => formatMib(memoryMib) },
  { head: 'Free', cell: ({ free }) => String(free) },
  { head: 'Providers', cell: ({ providers }) => String(providers) },
  { head: 'Lowest', cell: ({ lowest }) => `${lowest.inWords}/h` },
  { head: 'Median', cell: ({ median }) => `${median.inWords}/h` },
  { head: 'Highest', cell: ({ highest }) => `${highest.inWords}/h` },
  { head: 'Longest', cell: ({ longestMs }) => formatDuration(longestMs) },
  { head: 'Isolation', cell: ({ isolation }) => isolation.join(', ') },
  { head: 'Verified', cell: verifiedInWords },
]

export const jobColumns: readonly Column<Row>[] = [
  { head: 'Id', cell: ({ id }) => id },
  { head: 'Name', cell: ({ name }) => name },
  { head: 'State', cell: stateInWords },
  { head: 'GPUs', cell: ({ gpus, model }) => `${gpus}× ${model ?? 'any'}` },
  { head: 'Rate', cell: ({ rate }) => (rate === null ? '—' : `${rate.inWords}/h`) },
  { head: 'Cost', cell: costInWords },
  { head: 'Submitted', cell: ({ at }) => ago(at) },
  { head: 'Exit code', cell: ({ work }) => orDash(work?.exitCode ?? null), wide: true },
  { head: 'Provider', cell: ({ provider }) => orDash(provider), wide: true },
  { head: 'By', cell: ({ by }) => by, wide: true },
]

/** What would happen: the first is taken, the others if that one fails. */
export const planOf = ({ bids, found, maxPrice }: Quote): readonly string[] => {
  const [best, ...others] = bids
  if (best === undefined) return [`Nobody runs it for ${maxPrice.inWords} now: ${foundInWords(found)}`]
  return facts([
    ['Provider', best.provider],
    ['GPUs', `${best.gpus}× ${best.model}`],
    ['Rate', `${best.rate.inWords} an hour of one GPU`],
    ['At most', `${best.most.inWords}; what is not used comes back`],
    ['Isolation', best.isolation],
    ['Verification', best.verification],
    ['At risk', `what ${formatDuration(best.intervalMs)} cost, should the provider not keep its word`],
    ['Others', others.length === 0 ? 'none' : `${others.length}, up to ${dearest(others)}`],
  ])
}

const dearest = (bids: Quote['bids']): string =>
  bids.reduce((a, b) => (BigInt(b.most.micro) > BigInt(a.most.micro) ? b : a)).most.inWords

export const jobFacts = (job: MoltJob): readonly string[] => [
  ...facts([
    ['Job', job.id],
    ['Name', job.name],
    ['State', stateInWords(job)],
    ['Submitted', `${job.at} by ${job.by}`],
    ['Image', job.image],
    ['Command', orDash(job.command.join(' '))],
    ['GPUs', `${job.gpus}× ${job.model ?? 'any'}`],
    ['Runs at most', formatDuration(job.durationMs)],
    ['Costs at most', `${job.cost.most.inWords} of ${job.maxPrice.inWords}`],
    ['Cost', costInWords(job)],
    ['Round', job.found === null ? String(job.round) : `${job.round}: ${foundInWords(job.found)}`],
    ['Work', job.work === null ? '—' : [job.work.state, job.work.about].filter((word) => word !== null).join(': ')],
    ['Exit code', orDash(job.work?.exitCode ?? null)],
    ['Back by', orDash(job.backBy)],
    ...(job.check === null ? [] : [['Run twice', checkInWords(job.check)] as const]),
  ]),
  ...(job.check?.outputs ?? []).map(
    ({ provider, bytes, sha256, job: run }) => `Printed at ${provider} (${run}): ${bytes} bytes, SHA-256 ${sha256}`,
  ),
  ...job.tries.map(
    ({ provider, state, why, refusal, rate, hold, promised, paid, how, metered, agreement }, i) =>
      `Attempt ${i + 1}: ${provider}, ${state}${why === null ? '' : `, ${why}`}${refusal === null ? '' : ` (${refusal})`}; ${rate.inWords}/h, ${metered} GPU-seconds, ` +
      `${paid === null ? `${promised.inWords} of ${hold.inWords} promised` : `${how ?? ''} at ${paid.inWords}`}` +
      (agreement === null ? '' : ` (agreement ${agreement.slice(0, 12)})`),
  ),
]

export function checkInWords({ verdict, why, again }: NonNullable<MoltJob['check']>): string {
  switch (verdict) {
    case null:
      return again === null ? 'not yet run again' : `${again} runs the same at another provider`
    case 'equal':
      return 'both have printed the same'
    case 'different':
      return 'they have printed different things: at least one of the two is wrong'
    case 'unclear':
      return `not known: ${why ?? 'it was given up'}`
  }
}

/** What it is busy with; nothing once it is over. */
export function progressOf({ name, state, round, provider, gpus, model, work, check }: MoltJob): string {
  switch (state) {
    case 'looking':
      return round === 1 ? `${name} looks for a provider` : `${name} looks for a provider, round ${round}`
    case 'agreeing':
      return `${name} agrees with ${provider ?? 'a provider'}`
    case 'starting':
      return `${name} starts at ${provider ?? 'its provider'}${work?.about === null || work === null ? '' : `: ${work.about}`}`
    case 'running':
      return `${name} runs with ${gpus}× ${model ?? 'GPU'}${work?.stopBy === null || work === null ? '' : `; its provider takes them back at ${work.stopBy}`}`
    case 'closing':
      return `${name} is paid for`
    case 'completed':
    case 'failed':
    case 'cancelled':
      return check === null ? '' : `${name}, run twice: ${checkInWords(check)}`
  }
}

export function endInWords(job: MoltJob): string {
  const metered = job.tries.reduce((sum, one) => sum + Math.round(one.metered * 1_000), 0) / 1_000
  const exit = job.work?.exitCode ?? null
  const found = job.tries.length === 0 && job.found !== null ? `: ${foundInWords(job.found)}` : ''
  return `${job.name} is over: ${stateInWords(job)}${found}${exit === null ? '' : `, exit code ${exit}`}; ${metered} GPU-seconds, cost ${costInWords(job)}`
}

export const preferencesFacts = ({
  limits,
  prefer,
  minReputation,
  arbiters,
  isolation,
  challenges,
}: Preferences): readonly string[] =>
  facts([
    ['For one job', limits.job.inWords],
    ['In an hour', limits.hour.inWords],
    ['In a day', limits.day.inWords],
    ['Providers', `reputation of ${minReputation} at least`],
    ['Preferred', prefer.join(', ') || '—'],
    ['Arbiters', arbiters.join(', ') || 'none: nobody judges what it buys'],
    ['Isolation', isolation.join(', ')],
    ['Challenges', challenges ?? 'none'],
  ])
