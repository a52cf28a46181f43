import { describe, expect, test } from 'vitest'
import { agreementId } from '../../../../../src/core/molt/agreement.ts'
import { buyDuties, buyStep, leftOf, newBuy } from '../../../../../src/core/molt/market/buy.ts'
import type { Lease, LeaseInput } from '../../../../../src/core/molt/market/lease.ts'
import { holdsDevices, leaseDuties, leaseStep, meterAt, newLease } from '../../../../../src/core/molt/market/lease.ts'
import { mostDue, newPurchase, type Purchase, purchaseStep } from '../../../../../src/core/molt/market/purchase.ts'
import { rank } from '../../../../../src/core/molt/market/rank.ts'
import { termsOf } from '../../../../../src/core/molt/market/terms.ts'
import { dueFor, newMeter, nextNote, noteHash } from '../../../../../src/core/molt/meter.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { minute, second } from '../../../../../src/model/time.ts'
import { aBid, aWant, known, now } from '../../../../support/molt/market.ts'
import { agreed, network } from '../../../../support/molt/samples.ts'

const want = aWant()
const signed = aBid()
const agreement = agreed(termsOf(signed.bid, want, { job: 'job', hold: 667_200n, at: now }))

function after(...steps: readonly (readonly [at: number, input: LeaseInput])[]): Lease {
  return steps.reduce((lease, [at, input]) => leaseStep(lease, input, at), newLease(signed, want, ['G0', 'G1'], now))
}
const running = [
  [now, { type: 'agreed', agreement }],
  [now, { type: 'funded' }],
  [now, { type: 'started' }],
] as const

/** The buyer's answer to the last note. */
const answerTo = (lease: Lease, due: bigint): LeaseInput => {
  const note = lease.meter.last === null ? '0'.repeat(64) : noteHash(lease.meter.last)
  return { type: 'voucher', signed: { voucher: { agreement: agreementId(agreement), due, note }, signature: '' } }
}

describe('given a lease that runs', () => {
  test('when somebody looks at its meter, then that shows what is used by then, and no more than it may use unpaid', () => {
    const lease = after(...running)
    expect(meterAt(lease, now + 2 * second).gpuMillis).toBe(4_000n)
    expect(meterAt(lease, now + minute).gpuMillis).toBe(meterAt(lease, now + 10 * minute).gpuMillis)
    expect(lease.meter.gpuMillis).toBe(0n)
  })

  test('when it is being closed, then its GPUs are nobody else’s until nothing of it is on the host', () => {
    const closing = after(...running, [now + second, { type: 'cancel' }])
    expect([closing.state, holdsDevices(closing)]).toEqual(['closing', true])
    const stopped = leaseStep(closing, { type: 'stopped' }, now + 2 * second)
    expect(holdsDevices(stopped)).toBe(false)
    expect(leaseDuties(stopped, now + 2 * second)).toContainEqual({ type: 'release-devices' })
  })

  test('when the buyer offers to close at less than it has promised, then that is not signed, and the provider claims', () => {
    const noted = after(...running, [now + 15 * second, { type: 'tick' }])
    const vouched = leaseStep(noted, answerTo(noted, 16_680n), now + 16 * second)
    const closing = leaseStep(vouched, { type: 'cancel' }, now + 17 * second)
    const offered = (paid: bigint): Lease =>
      leaseStep(closing, { type: 'offered', paid, byBuyer: 'signature' }, now + 18 * second)
    expect(offered(16_679n).offered).toBeNull()
    expect(offered(16_680n).offered).toMatchObject({ paid: 16_680n })
    expect(leaseDuties(offered(16_679n), now + 10 * minute)).toContainEqual({
      ...{ type: 'claim', voucher: vouched.voucher },
    })
  })

  test('when the buyer offers to close while it runs, then that is not listened to, however little was promised by then', () => {
    const early = after(...running, [now + second, { type: 'offered', paid: 0n, byBuyer: 'signature' }])
    expect(early.offered).toBeNull()
    const closing = leaseStep(early, { type: 'cancel' }, now + 2 * second)
    expect(leaseDuties(closing, now + 2 * second).filter(({ type }) => type === 'close')).toEqual([])
  })

  test('when the buyer promises more after it has offered to close, then the offer is gone', () => {
    const noted = after(...running, [now + 15 * second, { type: 'tick' }], [now + 16 * second, { type: 'cancel' }])
    const offered = leaseStep(noted, { type: 'offered', paid: 0n, byBuyer: 'signature' }, now + 17 * second)
    const closes = (lease: Lease) => leaseDuties(lease, now + 18 * second).filter(({ type }) => type === 'close')
    expect(closes(offered)).toMatchObject([{ paid: 0n }])
    const more = leaseStep(offered, answerTo(offered, 16_680n), now + 18 * second)
    expect([more.offered, closes(more)]).toEqual([null, []])
    // As a record from before this was so may have it.
    expect(closes({ ...more, offered: offered.offered })).toEqual([])
    const again = leaseStep(more, { type: 'offered', paid: 16_680n, byBuyer: 'signature' }, now + 18 * second)
    expect(closes(leaseStep(again, answerTo(again, 16_680n), now + 19 * second))).toMatchObject([{ paid: 16_680n }])
  })

  test('when a step comes late, then the meter has not run past the credit', () => {
    const late = after(...running, [now + 10 * minute, { type: 'tick' }])
    expect(late.meter.gpuMillis).toBe(60_000n)
    expect(late.state).toBe('paused')
  })
})

describe('given time in which nothing comes', () => {
  test.each([
    ['a bid', [], minute, 'expired'],
    ['an agreement without its hold', [running[0]], 10 * minute, 'unfunded'],
    ['work that does not start', [running[0], running[1]], 20 * minute, 'not-started'],
    ['work that nobody pays for', running, 20 * minute, 'unvouched'],
  ] as const)('then %s ends by itself', (_, steps, wait, why) => {
    let lease = after(...steps)
    for (let at = now; at <= now + wait; at += second) lease = leaseStep(lease, { type: 'tick' }, at)
    expect(lease).toMatchObject({ state: 'closed', why, outcome: { how: 'nothing', paid: 0n } })
  })
})

test('given a try that failed after something was promised in it, then the next gets what is left, and not more', () => {
  const tight = aWant({ maxTotal: 667_200n })
  const bids = ['one', 'two'].map((name) => aBid({ provider: nodeId(name) }, { maxTotal: 667_200n }))
  const ranked = rank(bids, tight, { knownOf: () => known(), now })
  const first = buyStep(newBuy('job', tight, now), { type: 'bids', round: 1, want: tight, ranked }, now)
  const [tried] = first.purchases
  if (tried === undefined) throw new Error('nothing was tried')
  expect([tried.terms.hold, leftOf(first)]).toEqual([667_200n, 667_200n])
  const failed = { ...tried, state: 'closing' as const, why: 'silent' as const, isReserved: true }
  const owing = { ...first, purchases: [{ ...failed, payer: { vouched: 67_200n, last: null } }] }
  const second = buyStep(owing, { type: 'tick' }, now + 1)
  expect(second.purchases.map(({ terms }) => terms.hold)).toEqual([667_200n, 600_000n])
  expect(second.failed).toEqual([tried.signed.bid.provider])
  expect(buyDuties(second, network, now + 1)).toContainEqual({
    ...{ type: 'purchase', key: second.purchases[1]?.key, duty: { type: 'reserve', amount: 600_000n } },
  })
})

describe('given a buyer that was down for longer than it is patient', () => {
  const bought = newPurchase(signed, want, { job: 'job', hold: 667_200n, at: now })
  const begun = [{ type: 'reserved' }, { type: 'countersigned', agreement }, { type: 'paid' }] as const
  const fresh = (isRunning: boolean): Purchase => {
    if (bought === null) throw new Error('no terms can be made of it')
    const funded = begun.reduce<Purchase>((one, input) => purchaseStep(one, input, now), bought)
    return isRunning ? purchaseStep(funded, { type: 'heard', isRunning }, now) : funded
  }
  const away = 20 * minute

  test.each([
    [true, 2 * minute, 'running', 'silent'],
    [false, away, 'funded', 'not-started'],
  ] as const)(
    'when it is back, then its provider has a minute to be heard (work runs: %s)',
    (isRunning, gone, state, why) => {
      const back = purchaseStep(fresh(isRunning), { type: 'back' }, now + gone)
      expect([back.state, back.heardAt]).toEqual([state, now])
      const later = (wait: number): Purchase => purchaseStep(back, { type: 'tick' }, now + gone + wait)
      expect(later(59 * second).state).toBe(state)
      expect(later(minute)).toMatchObject({ state: 'closing', why })
    },
  )
})

test('given a purchase that is being closed, when its last note comes late, then no more is due than was said', () => {
  const chosen = newPurchase(signed, want, { job: 'job', hold: 667_200n, at: now })
  if (chosen === null) throw new Error('no terms can be made of it')
  const steps = [
    [0, { type: 'reserved' }],
    [0, { type: 'countersigned', agreement }],
    [0, { type: 'paid' }],
    [0, { type: 'heard', isRunning: true }],
    [30, { type: 'heard', isRunning: true }],
    [30, { type: 'cancel' }],
  ] as const
  const closing = steps.reduce((one, [at, input]) => purchaseStep(one, input, now + at * second), chosen)
  const { terms, payer } = closing
  // What was seen, and two seconds of both GPUs.
  expect([closing.state, payer.vouched, mostDue(closing)]).toEqual(['closing', 0n, dueFor(terms, 64_000n)])
  const meter = { ...newMeter(now), gpuMillis: 10_000_000n }
  const { note } = nextNote(meter, agreementId(agreement), terms)
  const late = purchaseStep(closing, { type: 'note', signed: { note, signature: '' } }, now + 31 * second)
  expect([late.payer.vouched, mostDue(late)]).toEqual([mostDue(closing), mostDue(closing)])
})

test('given a provider that says nothing for a while, then no more of it counts than an interval, and what came before and after it', () => {
  const chosen = newPurchase(signed, want, { job: 'job', hold: 667_200n, at: now })
  if (chosen === null) throw new Error('no terms can be made of it')
  const steps = [
    [0, { type: 'reserved' }],
    [0, { type: 'countersigned', agreement }],
    [0, { type: 'paid' }],
    [0, { type: 'heard', isRunning: true }],
    [10, { type: 'heard', isRunning: true }],
    [65, { type: 'heard', isRunning: true }],
    [70, { type: 'heard', isRunning: true }],
  ] as const
  const { seen, terms } = steps.reduce((one, [at, input]) => purchaseStep(one, input, now + at * second), chosen)
  expect([terms.interval, seen.gpuMillis]).toEqual([30 * second, BigInt(terms.gpus * (10 + 30 + 5) * second)])
})

test('given work that begins after it was said not to run, then no time before that word counts', () => {
  const chosen = newPurchase(signed, want, { job: 'job', hold: 667_200n, at: now })
  if (chosen === null) throw new Error('no terms can be made of it')
  const { note } = nextNote({ ...newMeter(now), gpuMillis: 10_000_000n }, agreementId(agreement), chosen.terms)
  const steps = [
    [0, { type: 'reserved' }],
    [0, { type: 'countersigned', agreement }],
    [0, { type: 'paid' }],
    [5, { type: 'heard', isRunning: false }],
    [12, { type: 'heard', isRunning: false }],
    [15, { type: 'note', signed: { note, signature: '' } }],
  ] as const
  const { state, seen, terms } = steps.reduce((one, [at, input]) => purchaseStep(one, input, now + at * second), chosen)
  expect([state, seen.gpuMillis]).toEqual(['running', BigInt(terms.gpus * 3 * second)])
})

describe('given a job that can pay less than what opens an account', () => {
  const tried = (maxTotal: bigint) => {
    const poor = aWant({ maxTotal })
    const { bid, signature } = aBid({ rate: 1n, credit: 0n })
    const ranked = rank([{ bid, signature }], poor, { knownOf: () => known(), now })
    return buyStep(newBuy('job', poor, now), { type: 'bids', round: 1, want: poor, ranked }, now)
  }

  test('then nothing is agreed on, and it is over for want of money', () => {
    expect(tried(999n)).toMatchObject({ state: 'closed', why: 'budget', purchases: [] })
    expect(tried(1_000n).purchases).toHaveLength(1)
  })
})

test('given a bid of which no terms can be made, then it is passed over, and the record can be read', () => {
  const bad = aBid({ arbiters: [want.buyer] })
  const ranked = rank([bad, aBid()], want, { knownOf: () => known(), now })
  const buy = buyStep(newBuy('job', want, now), { type: 'bids', round: 1, want, ranked }, now)
  expect(buy.purchases.map(({ terms }) => terms.arbiters)).toEqual([[]])
})
