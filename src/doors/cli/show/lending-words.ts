/** What a node lends, as commands show it. */
import { formatDuration, formatMib } from '../../../lib/units.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import { facts, orDash } from './words.ts'

type Policy = OutputOf<'moltpolicy.show'>
type Lease = OutputOf<'moltlease.info'>
type Earnings = OutputOf<'molt.earnings'>

const size = (bytes: number): string => formatMib(Math.floor(bytes / 1_048_576))
const span = (ms: number): string => formatDuration(Math.round(ms))

export const policyFacts = ({ mode, terms, available }: Policy): readonly string[] => {
  const { data } = terms
  return facts([
    ['Lends', mode ?? `nothing; these would be the terms of ${terms.mode}`],
    ...Object.entries(terms.prices).map(
      ([model, { inWords }]) => ['Price', `${inWords} an hour of ${model === '*' ? 'any other GPU' : model}`] as const,
    ),
    ['Isolation', terms.isolation.join(', ')],
    ['This node has', available === null ? '—' : available.join(', ') || 'none of these'],
    ['Leases', `${span(terms.shortestMs)} to ${span(terms.longestMs)}, ${terms.concurrency} at a time`],
    ['Largest lease', terms.largestLease.inWords],
    ['Pays every', span(terms.intervalMs)],
    ['Told before', `${span(terms.reclaimMs)} before GPUs are taken back`],
    ['Buyers', `${terms.newcomers ? 'newcomers, and' : ''} reputation of ${terms.minReputation} at least`.trim()],
    [
      'Data of a lease',
      `${size(data.inputs)} sent, ${size(data.outputs)} left, an image of ${size(data.images)} at most`,
    ],
    ['Data of all leases', `${size(data.all)} at most`],
    ['Waits for data', span(data.sendMs)],
    ['Keeps what is left', `${span(data.keepMs)} after the agreement was closed`],
  ])
}

export const leaseFacts = (lease: Lease): readonly string[] =>
  facts([
    ['Lease', lease.id],
    ['State', lease.why === null ? lease.state : `${lease.state}, ${lease.why}`],
    ['Since', lease.since],
    ['Buyer', lease.buyer],
    ['GPUs', `${lease.gpus}× ${lease.model}`],
    ['Devices', lease.devices.join(', ')],
    ['Rate', `${lease.rate.inWords} an hour of one GPU`],
    ['Isolation', lease.isolation],
    ['Image', lease.image],
    ['Used', `${lease.used.toFixed(1)} GPU-seconds, ${lease.notes} notes`],
    ['Promised', `${lease.vouched.inWords} of ${lease.hold.inWords}`],
    ['May still run', lease.unpaidMs === null ? '—' : `${span(lease.unpaidMs)} until the buyer has to sign`],
    ['Ends', orDash(lease.stopBy ?? lease.endsAt)],
    ['Work', [lease.work.state, lease.work.about].filter((word) => word !== null).join(': ')],
    ['Workload', orDash(lease.workload)],
    ['Closed', lease.paid === null ? '—' : `${lease.how ?? ''} at ${lease.paid.inWords}`],
  ])

export const earningsFacts = (earned: Earnings): readonly string[] => [
  ...facts([
    ['From', earned.from],
    ['To', earned.to],
    ['Leases', String(earned.leases)],
    ['GPU-hours', (earned.used / 3_600).toFixed(2)],
    ['Paid', earned.paid.inWords],
    ['Fee', earned.fee.inWords],
    ['Earned', earned.earned.inWords],
    ['Still open', earned.pending.inWords],
  ]),
  ...(earned.each ?? []).map(
    ({ id, closedAt, gpus, model, paid, how, why }) =>
      `${closedAt}  ${id.slice(0, 12)}  ${gpus}× ${model}  ${paid.inWords}  ${how ?? ''}${why === null ? '' : `, ${why}`}`,
  ),
]
