/**
 * A lease, as its provider goes through it: from a bid to a closed agreement. A step makes the next record out of the
 * last one and what has happened; the record is kept before anything is done for it. What is to be done follows from the record alone
 * (`leaseDuties`), and doing it twice does no harm: after a crash it is read again, and the lease goes on.
 */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { Amount } from '../../../model/amount.ts'
import { Hash, Signature } from '../../../model/molt-agreement.ts'
import { SignedBid } from '../../../model/molt-bid.ts'
import { instant } from '../../../model/molt-hardware.ts'
import { type LeaseReason, leaseReasons, leaseStates } from '../../../model/molt-lease.ts'
import { SignedVoucher } from '../../../model/molt-line.ts'
import { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import { Agreement, agreementId, type Terms } from '../agreement.ts'
import type { Meter } from '../meter.ts'
import { advance, dueFor, newMeter, nextNote, noteHash, pause, resume, timeLeft, vouch } from '../meter.ts'
import type { DataInput, Left, WipeDuty } from './lease-data.ts'
import { DataRecord, dataStep, keptUntil, newData, wipeDuties } from './lease-data.ts'
import { bidHash } from './rank.ts'
import type { Outcome as Ending } from './record.ts'
import { MeterRecord, Outcome, patience, startPatience } from './record.ts'
import { noteEvery } from './terms.ts'
import { canBeDisputed, isAtIssue, windowEnd } from './window.ts'

export const Lease = z.strictObject({
  /** The hash of its bid. */
  key: Hash,
  signed: SignedBid,
  want: Want,
  /** UUIDs of its GPUs; of a bid, those that were free for it. */
  devices: z.array(z.string().min(1).max(128)).min(1).max(1_024),
  state: z.enum(leaseStates),
  /** When it came to be so. */
  since: instant,
  agreement: Agreement.nullable(),
  meter: MeterRecord,
  /** Whether the buyer has answered the last note. */
  isAnswered: z.boolean(),
  /** The one that promises most. */
  voucher: SignedVoucher.nullable(),
  /** In `ending`: the work runs no longer than until then. */
  stopBy: instant.nullable(),
  why: z.enum(leaseReasons).nullable(),
  /** Nothing of it is on the host any more. */
  isStopped: z.boolean(),
  /** What its guest has on the host; null before it can have anything. */
  data: DataRecord.nullable().default(null),
  /** What the buyer has signed as the sum to close at, once the work had ended; never less than it has promised. */
  offered: z.strictObject({ paid: Amount, byBuyer: Signature }).nullable(),
  outcome: Outcome.nullable(),
  /** Its owner has asked its arbiters. */
  disputed: z.boolean().default(false),
})
export type Lease = z.infer<typeof Lease>

export const leaseText = (lease: Lease): string => canonicalJson(lease)
/** Throws for what is no lease: a record that was kept whole is one. */
export const leaseFrom = (text: string): Lease => Lease.parse(JSON.parse(text))

export const newLease = (signed: SignedBid, want: Want, devices: readonly string[], at: Instant): Lease => ({
  ...{ key: bidHash(signed.bid), signed, want, devices: [...devices], state: 'bid', since: at, agreement: null },
  ...{ meter: newMeter(at), isAnswered: true, voucher: null, stopBy: null, why: null, isStopped: true },
  ...{ offered: null, outcome: null, data: null, disputed: false },
})

export type LeaseInput =
  /** Both have signed; the terms were checked. `devices`: those that it gets, where they are others than were free when it was bid. */
  | { readonly type: 'agreed'; readonly agreement: Agreement; readonly devices?: readonly string[] }
  /** A certificate shows that all of the hold is there. */
  | { readonly type: 'funded' }
  | { readonly type: 'started' }
  /** The work has ended by itself. */
  | { readonly type: 'ended'; readonly isFailed: boolean }
  /** Its signature was checked. */
  | { readonly type: 'voucher'; readonly signed: SignedVoucher }
  /** The owner wants the GPUs back. */
  | { readonly type: 'reclaim' }
  /** The owner leaves the network, and wants all of the host back: also what was left for the buyer, once the work is over. */
  | { readonly type: 'leave' }
  /** The buyer wants no more. */
  | { readonly type: 'cancel' }
  /** Nothing of it is on the host any more. */
  | { readonly type: 'stopped' }
  /** The buyer has signed a sum to close at; its signature was checked. */
  | { readonly type: 'offered'; readonly paid: MicroMolt; readonly byBuyer: string }
  /** A certificate shows that it is closed. */
  | { readonly type: 'closed'; readonly outcome: Ending }
  | DataInput
  /** Its arbiters are to judge. */
  | { readonly type: 'dispute' }
  | { readonly type: 'tick' }

/** What has to be so now. Each may be done again and again. */
export type LeaseDuty =
  | { readonly type: 'hold-devices'; readonly devices: readonly string[] }
  | { readonly type: 'send-agreement' | 'receive' | 'start' | 'run' | 'pause' | 'stop' | 'release-devices' }
  | WipeDuty
  | { readonly type: 'warn'; readonly stopBy: Instant }
  | { readonly type: 'send-note'; readonly note: NonNullable<Meter['last']> }
  /** Sign that sum, and have the witnesses close it. */
  | { readonly type: 'close'; readonly paid: MicroMolt; readonly byBuyer: string }
  | { readonly type: 'claim'; readonly voucher: SignedVoucher }

export function leaseStep(before: Lease, input: LeaseInput, at: Instant): Lease {
  if (before.state === 'closed') return afterwards(before, input)
  const lease = counted(before, at)
  return timed(heard(lease, input, at), at)
}

/** What is left to be done for a lease that is closed. */
function afterwards(lease: Lease, input: LeaseInput): Lease {
  const { type } = input
  if (type === 'stopped') return { ...lease, isStopped: true }
  if (lease.data === null) return lease
  if (type === 'leave') return left(lease)
  return type === 'fetched' || type === 'wiped' ? { ...lease, data: dataStep(lease.data, input) } : lease
}

/** Nobody is to have any more what its work has left. */
const left = (lease: Lease): Lease =>
  lease.data === null ? lease : { ...lease, data: dataStep(lease.data, { type: 'fetched' }) }

/** The meter runs to now, but never past what it may: a step that comes late counts no more than one in time would have. */
function counted(lease: Lease, at: Instant): Lease {
  const { meter, agreement } = lease
  if (agreement === null || !meter.isRunning) return lease
  const { terms } = agreement
  const left = timeLeft(meter, terms)
  const until = Math.min(at, lease.stopBy ?? at, terms.endsAt, left === null ? at : meter.at + left)
  return { ...lease, meter: advance(meter, terms, until) }
}

/** What was used until that moment; what it keeps is as of its last step. */
export const meterAt = (lease: Lease, at: Instant): Lease['meter'] => counted(lease, at).meter

function heard(lease: Lease, input: LeaseInput, at: Instant): Lease {
  const { state } = lease
  switch (input.type) {
    case 'agreed':
      return state === 'bid' ? agreedOn(lease, input, at) : lease
    case 'funded':
      return state === 'agreed'
        ? { ...lease, ...to('funded', at), isStopped: false, data: newData(lease.agreement?.terms ?? {}) }
        : lease
    case 'started':
      return state === 'funded' ? running({ ...lease, meter: { ...lease.meter, at } }, at) : lease
    case 'ended':
      return isAlive(lease) ? closing(lease, endOf(lease, input.isFailed), at) : lease
    case 'voucher':
      return vouched(lease, input.signed, at)
    case 'reclaim':
      return reclaimed(lease, at)
    case 'leave':
      return state === 'closing' ? left(lease) : lease
    case 'cancel':
      if (state === 'bid') return ended({ ...lease, why: 'cancelled' }, nothing, at)
      return isAlive(lease) ? closing(lease, 'cancelled', at) : lease
    case 'stopped':
      return state === 'closing' ? { ...lease, isStopped: true } : lease
    case 'offered':
      return state === 'closing' && isEnough(lease, input.paid)
        ? { ...lease, offered: { paid: input.paid, byBuyer: input.byBuyer } }
        : lease
    case 'closed':
      return lease.agreement === null ? lease : ended(lease, input.outcome, at)
    case 'supplied':
    case 'fetched':
    case 'wiped':
      return lease.data === null ? lease : { ...lease, data: dataStep(lease.data, input) }
    case 'dispute':
      return canBeDisputed(lease) ? { ...lease, disputed: true } : lease
    case 'tick':
      return lease
  }
}

const agreedOn = (
  lease: Lease,
  { agreement, devices = lease.devices }: Extract<LeaseInput, { type: 'agreed' }>,
  at: Instant,
): Lease => ({ ...lease, ...to('agreed', at), agreement, devices: [...devices] })

/** Work that was told to end because its GPUs are taken back ends as it likes. */
const endOf = ({ state, why }: Lease, isFailed: boolean): LeaseReason =>
  state === 'ending' && why !== null ? why : isFailed ? 'failed' : 'completed'

const to = (state: Lease['state'], at: Instant) => ({ state, since: at })

/** There is an agreement, and it is not being closed yet. */
const isAlive = ({ state }: Lease): boolean => ['agreed', 'funded', 'running', 'paused', 'ending'].includes(state)

const running = (lease: Lease, at: Instant): Lease =>
  lease.agreement === null
    ? lease
    : { ...lease, ...to('running', at), meter: resume(lease.meter, lease.agreement.terms, at) }

function vouched(lease: Lease, signed: SignedVoucher, at: Instant): Lease {
  const { agreement, meter, voucher } = lease
  if (agreement === null || signed.voucher.agreement !== agreementId(agreement)) return lease
  const { terms } = agreement
  const isMore = signed.voucher.due > (voucher?.voucher.due ?? -1n) && signed.voucher.due <= terms.hold
  const isAnswer = meter.last !== null && signed.voucher.note === noteHash(meter.last)
  const told = vouch(meter, signed, terms)
  const next: Lease = {
    ...lease,
    meter: told,
    // A sum below what is promised by now is no sum to close at.
    offered: lease.offered !== null && lease.offered.paid >= told.vouched ? lease.offered : null,
    voucher: isMore ? signed : voucher,
    isAnswered: lease.isAnswered || isAnswer,
  }
  return lease.state === 'paused' && isWorthwhile(next, terms) ? running(next, at) : next
}

/** Work is not woken up for a moment only. */
const isWorthwhile = ({ meter }: Lease, terms: Terms): boolean => {
  const left = timeLeft(meter, terms)
  return left === null || left >= terms.interval / 4 || dueFor(terms, meter.gpuMillis) >= terms.hold - terms.credit
}

function reclaimed(lease: Lease, at: Instant): Lease {
  const { state, agreement } = lease
  // Nobody relies on a bid for more than a minute, and nobody has paid for one.
  if (state === 'bid') return ended({ ...lease, why: 'reclaimed' }, nothing, at)
  if (agreement === null || !isAlive(lease) || state === 'ending') return lease
  if (state !== 'running') return closing(lease, 'reclaimed', at)
  return { ...lease, ...to('ending', at), why: 'reclaimed', stopBy: at + agreement.terms.reclaim }
}

const nothing: Ending = { how: 'nothing', paid: 0n }

function closing(lease: Lease, why: LeaseReason, at: Instant): Lease {
  const { agreement } = lease
  if (agreement === null) return lease
  // What is not started yet leaves nothing on the host.
  const isStopped = lease.state === 'agreed'
  const still = pause(lease.meter, agreement.terms, lease.meter.at)
  return { ...lease, ...to('closing', at), why, meter: still, stopBy: null, isStopped }
}

const ended = (lease: Lease, outcome: Ending, at: Instant): Lease => {
  const meter = { ...lease.meter, isRunning: false }
  return { ...lease, ...to('closed', at), meter, stopBy: null, outcome }
}

/** What comes with time alone. */
function timed(lease: Lease, at: Instant): Lease {
  const { state, signed, agreement, since, stopBy } = lease
  if (state === 'closed') return lease
  if (agreement === null) return at >= signed.bid.validUntil ? ended({ ...lease, why: 'expired' }, nothing, at) : lease
  const { terms } = agreement
  if (state === 'closing') return noted(closedAlone(lease, at), terms)
  if (at >= terms.endsAt) return noted(closing(lease, 'over', at), terms)
  if (state === 'agreed') return at >= since + patience.funding ? closing(lease, 'unfunded', at) : lease
  if (state === 'funded') return at >= since + startPatience(terms) ? closing(lease, 'not-started', at) : lease
  if (isUsedUp(lease, terms)) return noted(closing(lease, 'used-up', at), terms)
  if (state === 'ending' && stopBy !== null && at >= stopBy) return noted(closing(lease, 'reclaimed', at), terms)
  if (state === 'paused' && at >= since + patience.pause) return noted(closing(lease, 'unvouched', at), terms)
  return noted(state === 'paused' ? lease : held(lease, terms, at), terms)
}

/** What is set aside pays for no further millisecond. */
const isUsedUp = ({ meter }: Lease, terms: Terms): boolean => timeLeft({ ...meter, vouched: terms.hold }, terms) === 0

/** The work pauses when the credit is used up; while it is being ended, it ends. */
function held(lease: Lease, terms: Terms, at: Instant): Lease {
  if (timeLeft(lease.meter, terms) !== 0) return lease
  if (lease.state === 'ending') return closing(lease, 'reclaimed', at)
  return { ...lease, ...to('paused', at), meter: { ...lease.meter, isRunning: false } }
}

/** One note after the other: the next is made when the last was answered, and it is time or the work stands still. */
function noted(lease: Lease, terms: Terms): Lease {
  const { meter, isAnswered, agreement } = lease
  if (!isAnswered || agreement === null || lease.state === 'closed') return lease
  const told = meter.last?.gpuMillis ?? 0n
  if (meter.gpuMillis === told) return lease
  const isDue = !meter.isRunning || meter.gpuMillis - told >= BigInt(terms.gpus) * BigInt(noteEvery(terms))
  return isDue ? { ...lease, meter: nextNote(meter, agreementId(agreement), terms).meter, isAnswered: false } : lease
}

/** Where nothing was promised there is nothing to claim, and nobody to wait for. */
function closedAlone(lease: Lease, at: Instant): Lease {
  const isLate = at >= lease.since + patience.close && !isAtIssue(lease, at)
  return isLate && lease.voucher === null && lease.offered === null ? ended(lease, nothing, at) : lease
}

/** A sum is signed by the provider when it is no less than it has been promised. */
export const isEnough = ({ agreement, meter }: Lease, paid: MicroMolt): boolean =>
  agreement !== null && paid >= meter.vouched && paid <= agreement.terms.hold

/** Whether nobody else may be promised its GPUs. */
export const holdsDevices = ({ state, isStopped }: Lease): boolean =>
  state === 'closing' || state === 'closed' ? !isStopped : true

export function leaseDuties(lease: Lease, at: Instant): readonly LeaseDuty[] {
  const { devices } = lease
  const place: LeaseDuty = holdsDevices(lease) ? { type: 'hold-devices', devices } : { type: 'release-devices' }
  const all = [...workDuties(lease), ...noteDuties(lease, at), ...closeDuties(lease, at)]
  return [place, ...all, ...(lease.isStopped ? wipeDuties(leftOf(lease), at) : [])]
}

/** Of a guest that has gone. */
const leftOf = ({ agreement, data, meter, state, since, why }: Lease): Left => ({
  // What is over in a moment is over before anybody has seen it run.
  ...{ data, terms: agreement?.terms ?? {}, hasRun: meter.gpuMillis > 0n || why === 'completed' || why === 'failed' },
  closedAt: state === 'closed' ? since : null,
})

/** Until then what its work has left is kept for its buyer; null where there is nothing. */
export const outputsUntil = (lease: Lease): Instant | null => keptUntil(leftOf(lease))

function workDuties({ state, stopBy, isStopped, data }: Lease): readonly LeaseDuty[] {
  switch (state) {
    case 'bid':
      return []
    case 'agreed':
      return [{ type: 'send-agreement' }]
    case 'funded':
      return [{ type: data?.isSupplied === false ? 'receive' : 'start' }]
    case 'running':
      return [{ type: 'run' }]
    case 'paused':
      return [{ type: 'pause' }]
    case 'ending':
      return [{ type: 'run' }, ...(stopBy === null ? [] : [{ type: 'warn', stopBy } as const])]
    case 'closing':
    case 'closed':
      return isStopped ? [] : [{ type: 'stop' }]
  }
}

const noteDuties = ({ state, since, isAnswered, meter: { last } }: Lease, at: Instant): readonly LeaseDuty[] => {
  const isOver = state === 'closed' || (state === 'closing' && at >= since + patience.close)
  return isOver || isAnswered || last === null ? [] : [{ type: 'send-note', note: last }]
}

function closeDuties(lease: Lease, at: Instant): readonly LeaseDuty[] {
  const { state, since, offered, voucher } = lease
  if (state !== 'closing' || isAtIssue(lease, at)) return []
  if (offered !== null && isEnough(lease, offered.paid)) return [{ type: 'close', ...offered }]
  return at >= Math.max(since + patience.close, windowEndOf(lease)) && voucher !== null
    ? [{ type: 'claim', voucher }]
    : []
}

const windowEndOf = ({ agreement }: Lease): Instant => (agreement === null ? 0 : windowEnd(agreement.terms))

/** When the lease has to be stepped next, at the latest; null when only something that happens can change it. */
export function leaseWakeAt(lease: Lease): Instant | null {
  const { state, signed, agreement, since, stopBy, meter } = lease
  if (state === 'closed') return outputsUntil(lease)
  if (agreement === null) return signed.bid.validUntil
  const { terms } = agreement
  const left = meter.isRunning ? timeLeft(meter, terms) : null
  const told = meter.last?.gpuMillis ?? 0n
  const untilNote = noteEvery(terms) - Number((meter.gpuMillis - told) / BigInt(terms.gpus))
  const moments: Readonly<Record<Exclude<Lease['state'], 'bid' | 'closed'>, readonly (Instant | null)[]>> = {
    agreed: [since + patience.funding],
    funded: [since + startPatience(terms)],
    running: [left === null ? null : meter.at + left, lease.isAnswered ? meter.at + Math.max(1, untilNote) : null],
    paused: [since + patience.pause],
    ending: [stopBy, left === null ? null : meter.at + left],
    closing: [Math.max(since + patience.close, windowEnd(terms))],
  }
  if (state === 'bid') return signed.bid.validUntil
  const own = moments[state].filter((moment) => moment !== null)
  return Math.min(...own, state === 'closing' ? Infinity : terms.endsAt)
}
