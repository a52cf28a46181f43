/**
 * The steps of a lease between strangers, each told by what one of them has just written down: from then on it must not matter who dies. The
 * list follows the records of both parties, their books, and the log of a witness, in the order in which they come.
 */
import { type Books, decodeBooksEntry } from '../../../../src/core/molt/books.ts'
import { type Job, jobFrom, presentOf } from '../../../../src/core/molt/market/job.ts'
import { type Lease, leaseFrom } from '../../../../src/core/molt/market/lease.ts'
import type { Purchase } from '../../../../src/core/molt/market/purchase.ts'
import { decodeWitnessRecord, type WitnessRecord } from '../../../../src/core/molt/witness-record.ts'

export const writers = ['buyer', 'lender', 'witness'] as const
export type Writer = (typeof writers)[number]

export interface Step {
  readonly name: string
  readonly writer: Writer
  /** Which of its journals, without the prefix of the network. */
  readonly journal: string
  readonly isIt: (record: Buffer) => boolean
  /** The buyer is stopped while its work runs, so that it signs nothing more. */
  readonly isUnpaid?: boolean
}

type Entry = NonNullable<ReturnType<typeof decodeBooksEntry>>

/** Null for one that says that a job is gone. */
export function jobIn(record: Buffer): Job | null {
  const text = record.toString()
  const json = text.slice(text.indexOf('\n') + 1)
  return json === '' ? null : jobFrom(json)
}

/** Null for one that says that a lease is gone. */
export const leaseIn = (record: Buffer): Lease | null =>
  record.toString().startsWith('{"gone"') ? null : leaseFrom(record.toString())

const ofJob = (name: string, holds: (job: Job) => boolean): Step => ({
  ...{ name: `buyer: ${name}`, writer: 'buyer', journal: 'molt-jobs.journal' },
  isIt(record) {
    const job = jobIn(record)
    return job !== null && holds(job)
  },
})

const ofPurchase = (name: string, holds: (purchase: Purchase) => boolean): Step =>
  ofJob(name, (job) => {
    const present = presentOf(job)
    return present !== null && holds(present)
  })

const ofLease = (name: string, holds: (lease: Lease) => boolean, more: Partial<Step> = {}): Step => ({
  ...{ name: `provider: ${name}`, writer: 'lender', journal: 'molt-leases.journal' },
  isIt(record) {
    const lease = leaseIn(record)
    return lease !== null && holds(lease)
  },
  ...more,
})

const ofBooks = (writer: 'buyer' | 'lender', name: string, holds: (entry: Entry) => boolean): Step => ({
  ...{ name: `${writer === 'lender' ? 'provider' : writer}: ${name}`, writer, journal: 'molt-books.journal' },
  isIt(record) {
    const entry = decodeBooksEntry(record)
    return entry !== null && holds(entry)
  },
})

const ofWitness = (name: string, holds: (record: WitnessRecord) => boolean): Step => ({
  ...{ name: `witness: ${name}`, writer: 'witness', journal: 'molt-witness-0.journal' },
  isIt(record) {
    const read = decodeWitnessRecord(record)
    return read !== null && holds(read)
  },
})

const isHold = (account: Books['account'] | string): boolean => account.startsWith('agr-')
const isHoldPayment = ({ outputs }: { readonly outputs: readonly { readonly to: string }[] }): boolean =>
  outputs.some(({ to }) => isHold(to))

/** All of them, in their order. */
export const steps: readonly Step[] = [
  ofLease('a bid is kept', ({ state }) => state === 'bid'),
  ofPurchase('the request and a bid are kept', ({ state }) => state === 'chosen'),
  ofPurchase('its cost is reserved', ({ state, isReserved }) => state === 'chosen' && isReserved),
  ofLease('the agreement is signed', ({ state }) => state === 'agreed'),
  ofPurchase('the agreement is signed by both', ({ state }) => state === 'agreed'),
  ofBooks('buyer', 'the hold is proposed', (entry) => entry.type === 'proposed' && isHoldPayment(entry.order.spend)),
  ofWitness(
    'it votes for the hold',
    (record) => record.type === 'promised' && record.order !== null && isHoldPayment(record.order.spend),
  ),
  ofWitness('the hold is final', (record) => record.type === 'final' && isHoldPayment(record.line.order.spend)),
  ofBooks(
    'buyer',
    'the hold is in the books',
    (entry) => entry.type === 'final' && isHoldPayment(entry.line.order.spend),
  ),
  ofPurchase('the hold is paid', ({ state }) => state === 'funded'),
  ofLease('the hold is seen', ({ state }) => state === 'funded'),
  ofLease('the work runs', ({ state }) => state === 'running'),
  ofPurchase('the work runs', ({ state }) => state === 'running'),
  ofLease('the first note is made', ({ meter, isAnswered }) => meter.last !== null && !isAnswered),
  ofPurchase('the first voucher is promised', ({ promise }) => promise !== null),
  ofLease('the first voucher is kept', ({ voucher }) => voucher !== null),
  ofLease('the work is paused', ({ state }) => state === 'paused', { isUnpaid: true }),
  ofLease('the work has ended', ({ state }) => state === 'closing'),
  ofPurchase('the work has ended', ({ state }) => state === 'closing'),
  ofLease('nothing of it is left', ({ state, isStopped }) => state === 'closing' && isStopped),
  ofPurchase('all notes are answered', ({ state, isNoted }) => state === 'closing' && isNoted),
  ofLease('a closing is proposed', ({ state, offered }) => state === 'closing' && offered !== null),
  ofBooks('lender', 'the closing is signed', (entry) => entry.type === 'closing' && entry.closing !== null),
  ofWitness(
    'it prepares the closing',
    (record) => record.type === 'promised' && record.order !== null && isHold(record.account) && record.lock === null,
  ),
  ofWitness(
    'it commits the closing',
    (record) => record.type === 'promised' && isHold(record.account) && record.lock !== null,
  ),
  ofWitness('the closing is final', (record) => record.type === 'final' && isHold(record.line.order.spend.account)),
  ofBooks(
    'lender',
    'what was earned is in the books',
    (entry) => entry.type === 'final' && isHold(entry.line.order.spend.account),
  ),
  ofLease('it is closed', ({ state }) => state === 'closed'),
  ofBooks(
    'buyer',
    'what was left is in the books',
    (entry) => entry.type === 'final' && isHold(entry.line.order.spend.account),
  ),
  ofJob('it is over', ({ buy }) => buy.state === 'closed'),
]
