/** What a node lends, as commands show it. */
import { formatDuration, formatMib } from '../../../lib/units.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import { counted, facts, orDash } from './words.ts'

type Policy = OutputOf<'moltpolicy.show'>
type Lease = OutputOf<'moltlease.info'>
type Earnings = OutputOf<'molt.earnings'>

const size = (bytes: number): string => formatMib(Math.floor(bytes / 1_048_576))
const span = (ms: number): string => formatDuration(Math.round(ms))

/** As it is written, where it is: what is left out does not concern anybody. */
const written = (label: string, value: unknown): readonly (readonly [string, string])[] =>
  value === undefined ? [] : [[label, [value].flat().map(plain).join(', ') || 'none']]

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

export const policyFacts = ({ mode, terms, available, policy }: Policy): readonly string[] => {
  const { data } = terms
  const prices = Object.entries(terms.prices).toSorted(([a], [b]) => Number(a === '*') - Number(b === '*'))
  const images = (policy['images'] ?? {}) as Readonly<Record<string, unknown>>
  const buyers = (policy['buyers'] ?? {}) as Readonly<Record<string, unknown>>
  return facts([
    ['Lends', mode ?? `nothing; these would be the terms of ${terms.mode}`],
    ...prices.map(([model, { inWords }]) => ['Price', `${inWords} an hour of ${modelInWords(model, prices)}`] as const),
    ...written('GPUs', policy['gpus']),
    ['Isolation', terms.isolation.join(', ')],
    ['This node has', available === null ? '—' : available.join(', ') || 'none of these'],
    ['Leases', `${span(terms.shortestMs)} to ${span(terms.longestMs)}, ${terms.concurrency} at a time`],
    ['Largest lease', terms.largestLease.inWords],
    ['Pays every', span(terms.intervalMs)],
    ['Told before', `${span(terms.reclaimMs)} before GPUs are taken back`],
    ['Buyers', `${terms.newcomers ? 'newcomers, and' : ''} reputation of ${terms.minReputation} at least`.trim()],
    ...written('Trusted', buyers['trusted']),
    ...written('Blocked', buyers['blocked']),
    ...written('Not lent at', policy['blackout']),
    ...written('Region', policy['region']),
    ...written('Arbiters', policy['arbiters']),
    ...written('They have', policy['disputeWindow']),
    ...written('Images', images['allowed']),
    ...written('Never images', images['blocked']),
    ['Data of a lease', `${size(data.inputs)} sent, ${size(data.outputs)} left at most; ${imageInWords(data.images)}`],
    ['Data of all leases', `${size(data.all)} at most`],
    ['Waits for data', span(data.sendMs)],
    ['Keeps what is left', `${span(data.keepMs)} after the agreement was closed`],
  ])
}

const modelInWords = (model: string, prices: readonly unknown[]): string =>
  model !== '*' ? model : prices.length === 1 ? 'any GPU' : 'any other GPU'

const imageInWords = (most: number): string =>
  most === 0 ? 'images come from registries only' : `an image of ${size(most)} at most`

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
    ['Used', `${lease.used} GPU-seconds, ${counted(lease.notes, 'note')}`],
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
    ['Used', `${earned.used} GPU-seconds, ${(earned.used / 3_600).toFixed(2)} GPU-hours`],
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
