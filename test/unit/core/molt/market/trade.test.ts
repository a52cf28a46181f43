import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreementId } from '../../../../../src/core/molt/agreement.ts'
import { buyFrom, buyText } from '../../../../../src/core/molt/market/buy.ts'
import type { Lease } from '../../../../../src/core/molt/market/lease.ts'
import type { Purchase } from '../../../../../src/core/molt/market/purchase.ts'
import { unseen, wordEvery } from '../../../../../src/core/molt/market/record.ts'
import { costOf, oneMolt } from '../../../../../src/model/amount.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import type { PairInit } from '../../../../support/molt/pair.ts'
import { pairOf, start, wantOf } from '../../../../support/molt/pair.ts'

type Pair = ReturnType<typeof pairOf>

const purchasesOf = ({ buyer }: Pair): readonly Purchase[] =>
  [...buyer.buys.values()].flatMap(({ purchases }) => purchases)
const leasesOf = ({ providers }: Pair): readonly Lease[] => providers.flatMap(({ leases }) => [...leases.values()])

/** What the host computed for a lease, at its rate, and what its provider got. */
function boughtAt(pair: Pair, lease: Lease) {
  const provider = pair.providers.find(({ id }) => id === lease.signed.bid.provider)
  const { rate } = lease.signed.bid
  const paid = lease.agreement === null ? 0n : (pair.bank.outcomes.get(agreementId(lease.agreement))?.paid ?? 0n)
  return { used: costOf(rate, provider?.host.used(lease.key) ?? 0n), paid }
}

/** What the clocks and the wires between two honest parties may make of it. */
const jitter = ({ signed: { bid } }: Lease): bigint => costOf(bid.rate, BigInt(bid.gpus) * 2_500n)

function played(init: PairInit, during: (pair: Pair) => void = () => {}): Pair {
  const pair = pairOf(init)
  pair.buyer.ask('job', wantOf(pair.network.id))
  during(pair)
  pair.street.silent.clear()
  // All that may have to be waited for is the time in which a provider may claim.
  pair.street.runUntil(start + 4 * hour)
  return pair
}

describe('given a buyer and a provider who are both honest', () => {
  test('then the work runs, all of it is paid, and both close together', () => {
    const pair = played({ seed: 1, work: 5 * minute })
    expect(pair.buyer.buys.get('job')).toMatchObject({ state: 'closed', why: 'completed' })
    expect(leasesOf(pair)).toMatchObject([{ state: 'closed', why: 'completed', outcome: { how: 'agreed' } }])
    const [lease] = leasesOf(pair)
    const { used, paid } = lease === undefined ? { used: 0n, paid: -1n } : boughtAt(pair, lease)
    expect(used).toBe(costOf(lease?.signed.bid.rate ?? 0n, 2n * 300_000n))
    expect(paid).toBe(used)
  })

  test('when the owner wants the GPUs back, then the work has as long as was agreed, is paid to its end, and goes on elsewhere', () => {
    const pair = pairOf({ seed: 2, work: 5 * minute, lenders: [null, null], policy: { reclaim: '20s' } })
    pair.buyer.ask('job', wantOf(pair.network.id))
    pair.street.runUntil(start + minute)
    const first = leasesOf(pair).find(({ state }) => state === 'running')
    const lender = pair.providers.find(({ id }) => id === first?.signed.bid.provider)
    if (first === undefined || lender === undefined) throw new Error('nothing runs')
    lender.step(first.key, { type: 'reclaim' })
    expect(lender.leases.get(first.key)).toMatchObject({ state: 'ending', stopBy: start + minute + 20 * second })
    pair.street.runUntil(start + 4 * hour)
    expect(lender.leases.get(first.key)).toMatchObject({ state: 'closed', why: 'reclaimed' })
    expect(boughtAt(pair, first).paid).toBe(boughtAt(pair, lender.leases.get(first.key) ?? first).used)
    expect(purchasesOf(pair).map(({ why }) => why)).toEqual(['reclaimed', 'completed'])
  })

  test('when what is set aside is used up, then the work ends, and no more was paid', () => {
    const pair = played({ seed: 3, work: null })
    expect(leasesOf(pair)).toMatchObject([{ state: 'closed', why: 'used-up' }])
    expect(pair.bank.outcomes.values().toArray()).toMatchObject([{ how: 'agreed' }])
    const [purchase] = purchasesOf(pair)
    expect(purchase?.outcome?.paid).toBe(purchase?.terms.hold)
  })

  test('when the buyer cancels, then only what was used is paid', () => {
    const pair = played({ seed: 4 }, ({ street, buyer }) => {
      street.runUntil(start + 90 * second)
      buyer.cancel('job')
    })
    expect(pair.buyer.buys.get('job')).toMatchObject({ state: 'closed', why: 'cancelled' })
    const [lease] = leasesOf(pair)
    if (lease === undefined) throw new Error('there was no lease')
    const { used, paid } = boughtAt(pair, lease)
    expect(used).toBeGreaterThan(0n)
    expect(paid).toBe(used)
  })
})

describe('given a buyer that is away while its work begins', () => {
  /** From when the provider has seen what was set aside until the work stands still for want of a promise. */
  const away = ({ street, buyer }: Pair, leases: () => readonly Lease[]): void => {
    let now = start
    const until = (state: Lease['state']): void => {
      while (leases()[0]?.state !== state && now < start + 5 * minute) street.runUntil((now += 20))
    }
    until('funded')
    street.silent.add(buyer.id)
    until('paused')
    expect(leases()).toMatchObject([{ state: 'paused', voucher: null }])
  }

  test('when it comes back, then it pays the interval that it has not seen, and its work goes on to its end', () => {
    const pair = played({ seed: 10, work: 5 * minute }, (one) => away(one, () => leasesOf(one)))
    expect(purchasesOf(pair)).toMatchObject([{ why: 'completed', outcome: { how: 'agreed' } }])
    const [lease] = leasesOf(pair)
    if (lease === undefined) throw new Error('there was no lease')
    const { used, paid } = boughtAt(pair, lease)
    expect(paid).toBe(used)
  })

  test('and its provider counts too much, then it has paid for no more than an interval that was not', () => {
    const pair = played({ seed: 11, lenders: ['over-claims'] }, (one) => away(one, () => leasesOf(one)))
    const [lease] = leasesOf(pair)
    if (lease === undefined) throw new Error('there was no lease')
    const { used, paid } = boughtAt(pair, lease)
    expect(paid - used).toBeLessThanOrEqual(lease.signed.bid.credit + jitter(lease))
  })
})

describe('given a provider that is gone', () => {
  test('before it has started anything, then the buyer goes on to another, and takes all of it back', () => {
    const pair = played({ seed: 5, work: 5 * minute, lenders: ['defaults', null] }, ({ street }) => {
      street.runUntil(start + 30 * minute)
    })
    const whys = purchasesOf(pair).map(({ why, outcome }) => [why, outcome?.paid])
    expect(whys.at(-1)?.[0]).toBe('completed')
    for (const [why, paid] of whys) if (why === 'not-started') expect(paid).toBe(0n)
    expect(pair.buyer.buys.get('job')?.state).toBe('closed')
  })

  test('in the middle of the work, then the work goes on elsewhere, and what was promised is all that it costs', () => {
    const pair = pairOf({ seed: 6, work: 5 * minute, lenders: ['vanishes', null] })
    pair.buyer.ask('job', wantOf(pair.network.id, { preferred: [pair.providers[0]?.id ?? pair.buyer.id] }))
    pair.street.runUntil(start + 4 * hour)
    const [gone, second, ...more] = purchasesOf(pair)
    expect([gone?.why, second?.why, more.length]).toEqual(['silent', 'completed', 0])
    expect(gone?.outcome?.how).toBe('taken-back')
    expect(gone?.outcome?.paid).toBe(gone?.payer.vouched)
    expect(pair.buyer.buys.get('job')?.state).toBe('closed')
  })
})

describe('given a buyer that does not pay', () => {
  test('when it sends no vouchers at all, then the work pauses when the credit is used up, and that is what is lost', () => {
    const pair = played({ seed: 7, borrower: 'stops-paying' })
    const [lease] = leasesOf(pair)
    if (lease === undefined) throw new Error('there was no lease')
    expect(lease).toMatchObject({ state: 'closed', why: 'unvouched' })
    const { used, paid } = boughtAt(pair, lease)
    expect(paid).toBe(0n)
    expect(used).toBeGreaterThan(0n)
    expect(used).toBeLessThanOrEqual(lease.signed.bid.credit)
  })

  test('when it promises half of what it owes, then the provider has lost no more than the credit', () => {
    const pair = played({ seed: 8, borrower: 'under-pays' })
    const [lease] = leasesOf(pair)
    if (lease === undefined) throw new Error('there was no lease')
    const { used, paid } = boughtAt(pair, lease)
    expect(used - paid).toBeGreaterThan(0n)
    expect(used - paid).toBeLessThanOrEqual(lease.signed.bid.credit)
  })
})

describe('given a provider whose meter counts too much', () => {
  test('then the buyer pays for what it has seen', () => {
    const pair = played({ seed: 9, lenders: ['over-claims'] })
    const [lease] = leasesOf(pair)
    if (lease === undefined) throw new Error('there was no lease')
    const { used, paid } = boughtAt(pair, lease)
    expect(paid).toBeGreaterThan(0n)
    expect(paid - used).toBeLessThanOrEqual(jitter(lease))
  })
})

const trouble = fc.record({
  after: fc.integer({ min: 1, max: 120 * second }),
  what: fc.constantFrom(
    ...(['crash-lender', 'crash-borrower', 'silence-lender', 'silence-borrower'] as const),
    ...(['speak', 'reclaim', 'cancel', 'failed', 'fewer'] as const),
  ),
  pick: fc.nat(2),
})

const case_ = fc.record({
  seed: fc.nat(),
  lenders: fc.array(fc.constantFrom(null, null, 'over-claims' as const, 'defaults' as const, 'vanishes' as const), {
    minLength: 1,
    maxLength: 3,
  }),
  borrower: fc.constantFrom(null, null, null, 'under-pays' as const, 'stops-paying' as const),
  loss: fc.constantFrom(0, 0, 0.1, 0.4),
  latency: fc.constantFrom([1, 10] as const, [20, 200] as const),
  work: fc.constantFrom(null, 4 * minute),
  troubles: fc.array(trouble, { maxLength: 12 }),
})

test('given any mixture of parties, crashes, silences and lost messages, then all ends closed, all credit is somewhere, and no honest party has lost more than was promised', () => {
  fc.assert(
    fc.property(case_, ({ seed, lenders, borrower, loss, latency, work, troubles }) => {
      const pair = pairOf({ seed, lenders, borrower, work, links: { latency, loss } })
      const { street, buyer, providers, bank } = pair
      const vouched = new Map<string, bigint>()
      buyer.ask('job', wantOf(pair.network.id))
      let now = start
      for (const { after, what, pick } of troubles) {
        street.runUntil((now += after))
        const lender = providers[pick % providers.length]
        if (what === 'crash-lender') lender?.crash()
        else if (what === 'crash-borrower') buyer.crash()
        else if (what === 'silence-lender' && lender !== undefined) street.silent.add(lender.id)
        else if (what === 'silence-borrower') street.silent.add(buyer.id)
        else if (what === 'speak') street.silent.clear()
        else if (what === 'cancel' && pick === 0) buyer.cancel('job')
        else if (what === 'fewer' && lender !== undefined) lender.ownerUses = pick
        else if (what === 'reclaim' || what === 'failed')
          for (const key of lender?.leases.keys() ?? [])
            lender?.step(key, what === 'failed' ? { type: 'ended', isFailed: true } : { type: 'reclaim' })
        // Promises grow, and nothing else.
        for (const { key, payer } of purchasesOf(pair)) {
          expect(payer.vouched).toBeGreaterThanOrEqual(vouched.get(key) ?? 0n)
          vouched.set(key, payer.vouched)
        }
        expect(bank.sum()).toBe(0n)
        for (const buy of buyer.buys.values()) expect(buyFrom(buyText(buy))).toEqual(buy)
        const running = leasesOf(pair).filter(({ state }) => state === 'running' || state === 'ending')
        const devices = running.flatMap((one) => one.devices)
        expect(new Set(devices).size).toBe(devices.length)
      }
      // Whoever is gone for good stays so: the other closes alone.
      street.runUntil(now + 6 * hour)
      if (!street.silent.has(buyer.id)) expect(buyer.buys.get('job')?.state).toBe('closed')
      for (const buy of buyer.buys.values()) expect(buyFrom(buyText(buy))).toEqual(buy)
      for (const one of providers) expect(one.doubled).toBe(0)
      for (const lease of leasesOf(pair)) {
        const bid = lease.signed.bid
        const trick = providers.find(({ id }) => id === bid.provider)?.init.trick
        if (trick === 'vanishes') continue
        const { used, paid } = boughtAt(pair, lease)
        if (lease.state !== 'closed') throw new Error(`${lease.state} ${lease.why}`)
        if (trick === null) expect(used - paid).toBeLessThanOrEqual(bid.credit + jitter(lease))
        // Whether work runs is the provider's word, and a word that is lost keeps its liar's clock running until the next.
        const silences = troubles.filter(({ what }) => what === 'silence-lender' || what === 'silence-borrower').length
        const unheard = costOf(bid.rate, BigInt(bid.gpus * Math.max(bid.interval, wordEvery + unseen) * silences))
        const doubt = trick === 'over-claims' ? unheard + (loss > 0 ? bid.credit : 0n) : 0n
        if (borrower === null) expect(paid - used).toBeLessThanOrEqual(jitter(lease) + doubt)
      }
      for (const { outcome, terms } of purchasesOf(pair)) expect(outcome?.paid ?? 0n).toBeLessThanOrEqual(terms.hold)
      const total = purchasesOf(pair).reduce((sum, { outcome }) => sum + (outcome?.paid ?? 0n), 0n)
      expect(total).toBeLessThanOrEqual(10n * oneMolt)
    }),
    { numRuns: 60 },
  )
}, 60_000)
