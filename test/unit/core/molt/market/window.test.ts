import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreementId } from '../../../../../src/core/molt/agreement.ts'
import type { Lease, LeaseInput } from '../../../../../src/core/molt/market/lease.ts'
import { leaseDuties, leaseStep, leaseWakeAt, newLease } from '../../../../../src/core/molt/market/lease.ts'
import type { Purchase } from '../../../../../src/core/molt/market/purchase.ts'
import { mostDue, newPurchase, purchaseDuties, purchaseStep } from '../../../../../src/core/molt/market/purchase.ts'
import { termsOf } from '../../../../../src/core/molt/market/terms.ts'
import { windowEnd } from '../../../../../src/core/molt/market/window.ts'
import { dueFor, noteHash } from '../../../../../src/core/molt/meter.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import { aBid, aWant, decided, now } from '../../../../support/molt/market.ts'
import { agreed, network } from '../../../../support/molt/samples.ts'

const judge = nodeId('judge')
const want = aWant({ arbiters: [judge] })
const signed = aBid({ arbiters: [judge], disputeWindow: hour }, { arbiters: [judge] })
const hold = 667_200n
const agreement = agreed(termsOf(signed.bid, want, { job: 'job', hold, at: now }))
const { terms } = agreement
const until = windowEnd(terms)
const { claimTime } = network

const step = (lease: Lease, input: LeaseInput, at: number): Lease => leaseStep(lease, input, at)

/** A lease that has ended after a minute, of which so much was promised; null for nothing. */
function endedLease(promised: bigint | null): Lease {
  let lease = newLease(signed, want, ['G0', 'G1'], now)
  for (const input of [{ type: 'agreed', agreement }, { type: 'funded' }, { type: 'started' }] as const)
    lease = step(lease, input, now)
  lease = step(lease, { type: 'tick' }, now + 20 * second)
  const note = lease.meter.last === null ? '0'.repeat(64) : noteHash(lease.meter.last)
  const voucher = { agreement: agreementId(agreement), due: promised ?? 0n, note }
  if (promised !== null) lease = step(lease, { type: 'voucher', signed: { voucher, signature: '' } }, now + 21 * second)
  return step(lease, { type: 'ended', isFailed: false }, now + 25 * second)
}

const dutyNames = (lease: Lease, at: number): readonly string[] => leaseDuties(lease, at).map(({ type }) => type)

test('given a want and an owner who name the same arbiter, then the bid has time for disputes, and otherwise none', () => {
  const bidOf = (arbiters: readonly string[]) => {
    const policy = { arbiters: arbiters.map(nodeId), disputeWindow: '2h' }
    const decision = decided({ policy, want: { arbiters: [judge] } })
    return decision.type === 'decline' ? null : decision.bid
  }
  expect(bidOf(['judge'])).toMatchObject({ arbiters: [judge], disputeWindow: 2 * hour })
  expect(bidOf(['other'])).toMatchObject({ arbiters: [] })
  expect(bidOf(['other'])).not.toHaveProperty('disputeWindow')
})

describe('given a lease with arbiters that has ended', () => {
  test('when its buyer signs no sum, then its provider claims once their time is over, and not before', () => {
    const lease = endedLease(9_000n)
    expect(dutyNames(lease, now + hour)).not.toContain('claim')
    expect(leaseWakeAt(lease)).toBe(until)
    expect(dutyNames(lease, until)).toContain('claim')
  })

  test('when its provider disputes it, then it signs no sum until then, and then what was signed', () => {
    const offered = { type: 'offered', paid: 9_000n, byBuyer: 'x' } as const
    const plain = step(endedLease(9_000n), offered, now + minute)
    const disputed = step(plain, { type: 'dispute' }, now + 2 * minute)
    expect(dutyNames(plain, now + 3 * minute)).toContain('close')
    expect(dutyNames(disputed, until - 1).filter((type) => ['close', 'claim'].includes(type))).toEqual([])
    expect(dutyNames(disputed, until)).toContain('close')
  })

  test('when no arbiters were agreed on, then it cannot be disputed', () => {
    const bid = aBid()
    const other = agreed(termsOf(bid.bid, aWant(), { job: 'job', hold, at: now }))
    const lease = step(newLease(bid, aWant(), ['G0', 'G1'], now), { type: 'agreed', agreement: other }, now)
    expect(step(lease, { type: 'dispute' }, now).disputed).toBe(false)
  })
})

/** What a side does about its closing, minute by minute; the ledger takes whatever it may. */
const times = Array.from({ length: 26 * 60 }, (_, i) => now + 30 * second + i * minute)

test('however a lease with arbiters has gone, it is closed in the end, and never by its provider alone before their time is over', () => {
  const story = fc.record({
    promised: fc.option(fc.bigInt({ min: 1n, max: 9_000n })),
    isOffered: fc.boolean(),
    disputedAt: fc.option(fc.integer({ min: 0, max: 100 })),
    judgedAt: fc.option(fc.integer({ min: 0, max: 200 })),
  })
  fc.assert(
    fc.property(story, ({ promised, isOffered, disputedAt, judgedAt }) => {
      let lease = endedLease(promised)
      if (isOffered) lease = step(lease, { type: 'offered', paid: promised ?? 0n, byBuyer: 'x' }, now + 26 * second)
      for (const [i, at] of times.entries()) {
        if (i === disputedAt) lease = step(lease, { type: 'dispute' }, at)
        if (i === judgedAt) lease = step(lease, { type: 'closed', outcome: { how: 'judged', paid: 5n } }, at)
        lease = step(lease, { type: 'tick' }, at)
        if (lease.state === 'closed') break
        const closing = leaseDuties(lease, at).find(({ type }) => type === 'close' || type === 'claim')
        if (closing === undefined) continue
        if (closing.type === 'claim' || lease.disputed) expect(at).toBeGreaterThanOrEqual(until)
        const how = closing.type === 'claim' ? 'claimed' : 'agreed'
        lease = step(lease, { type: 'closed', outcome: { how, paid: promised ?? 0n } }, at)
      }
      expect(lease.state).toBe('closed')
    }),
    { numRuns: 60 },
  )
})

describe('given a purchase with arbiters whose work has ended', () => {
  function ended(): Purchase {
    const fresh = newPurchase(signed, want, { job: 'job', hold, at: now })
    if (fresh === null) throw new Error('no terms can be made of it')
    const steps = [
      ...[{ type: 'reserved' }, { type: 'countersigned', agreement }, { type: 'paid' }],
      ...[{ type: 'heard', isRunning: true }, { type: 'ended', why: 'completed' }, { type: 'no-more-notes' }],
    ] as const
    return steps.reduce((purchase, input, i) => purchaseStep(purchase, input, now + i * second), fresh)
  }
  const names = (purchase: Purchase, at: number) => purchaseDuties(purchase, network, at).map(({ type }) => type)

  test('when its buyer disputes it, then it offers no sum until their time is over, and all that is set aside may be due', () => {
    const plain = ended()
    const disputed = purchaseStep(plain, { type: 'dispute' }, now + minute)
    expect(names(plain, now + 2 * minute)).toContain('offer-close')
    expect(names(disputed, until - 1)).not.toContain('offer-close')
    expect([mostDue(plain) < hold, mostDue(disputed)]).toEqual([true, hold])
    expect(names(disputed, until)).toContain('offer-close')
  })

  test('when nobody ever answers, then it takes back what it has not promised, disputed or not', () => {
    for (const purchase of [ended(), purchaseStep(ended(), { type: 'dispute' }, now + minute)]) {
      expect(names(purchase, terms.endsAt + claimTime - 1)).not.toContain('take-back')
      expect(names(purchase, terms.endsAt + claimTime)).toEqual(['take-back'])
    }
  })
})

test('given a buyer whose provider tells two stories, then it keeps both, with their signatures', () => {
  const fresh = newPurchase(signed, want, { job: 'job', hold, at: now })
  if (fresh === null) throw new Error('no terms can be made of it')
  const noteOf = (sequence: number, previous: string, gpuMillis: bigint) => {
    const note = { agreement: agreementId(agreement), sequence, previous, gpuMillis, at: now }
    return { note: { ...note, due: dueFor(terms, gpuMillis) }, signature: `by the provider ${sequence}` }
  }
  const first = noteOf(1, agreementId(agreement), 2_000n)
  const rival = noteOf(2, 'f'.repeat(64), 3_000n)
  const inputs = [
    ...[{ type: 'reserved' }, { type: 'countersigned', agreement }, { type: 'paid' }],
    ...[
      { type: 'heard', isRunning: true },
      { type: 'note', signed: first },
      { type: 'note', signed: rival },
    ],
  ] as const
  const purchase = inputs.reduce((one, input, i) => purchaseStep(one, input, now + i * second), fresh)
  expect([purchase.why, purchase.notes]).toEqual(['forked', [first, rival]])
})
