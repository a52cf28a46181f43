import { describe, expect, test } from 'vitest'
import type { Agreement } from '../../../../src/core/molt/agreement.ts'
import { holdAccount, Terms } from '../../../../src/core/molt/agreement.ts'
import type { Closing } from '../../../../src/core/molt/closing.ts'
import { paidBy, payouts } from '../../../../src/core/molt/closing.ts'
import type { Output } from '../../../../src/core/molt/closing.ts'
import { votePrepare } from '../../../../src/core/molt/rounds.ts'
import type { Order } from '../../../../src/core/molt/spend.ts'
import { originOf } from '../../../../src/core/molt/spend.ts'
import {
  agreed,
  buyer,
  closings,
  judge,
  ledgerOf,
  mint,
  network,
  provider,
  rulesAt,
  signedBy,
  voucherFor,
} from '../../../support/molt/samples.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { hour, second } from '../../../../src/model/time.ts'

const agreement = agreed()
const [held, end] = [10_000n, 500 * second]

interface Tried {
  readonly of?: Agreement
  readonly outputs?: readonly Output[]
  readonly funds?: bigint
  readonly at?: number
}

/** Why a witness does not vote for it; null when it does. */
function refusalOf(closing: Closing, { of = agreement, outputs, funds = held, at = end }: Tried = {}): string | null {
  const account = holdAccount(of)
  const ledger = ledgerOf([
    [mint, buyer, 20_000n],
    [buyer, account, funds],
  ])
  const due = paidBy(closing)
  const paid = due > funds ? funds : due
  const order: Order = {
    spend: {
      ...{ account, sequence: 1, previous: originOf(account) },
      outputs: outputs ?? payouts(of, network, { held: funds, paid }),
    },
    right: { type: 'closing', agreement: of, closing },
  }
  const outcome = votePrepare(ledger, { order, round: 0, grounds: null }, rulesAt(at))
  return outcome.ok ? null : outcome.refusal
}

test('given 4,000 of 10,000 µMOLT that are due, then the provider gets them less the fee, and the buyer the rest', () => {
  expect(payouts(agreement, network, { held, paid: 4_000n })).toEqual([
    { to: provider, amount: 3_900n },
    { to: 'house', amount: 100n },
    { to: buyer, amount: 6_000n },
  ])
  expect(payouts(agreement, network, { held, paid: 0n })).toEqual([{ to: buyer, amount: held }])
})

test.each<[string, Closing]>([
  ['both', closings.agreed(agreement, 4_000n)],
  ['the provider with a voucher', closings.claimed(agreement, voucherFor(agreement, 4_000n))],
  ['all arbiters', closings.judged(agreement, 1n)],
])('then %s may close it', (_, closing) => expect(refusalOf(closing)).toBeNull())

describe('the buyer may take back what it has not promised', () => {
  const late = end + 24 * hour
  test('once the provider has had its time to claim', () => {
    expect(refusalOf(closings.takenBack(agreement), { at: late })).toBeNull()
    expect(refusalOf(closings.takenBack(agreement, voucherFor(agreement, 7n)), { at: late })).toBeNull()
  })
  test('and not before', () => expect(refusalOf(closings.takenBack(agreement), { at: late - 1 })).toBe('too-early'))
})

test('given arbiters who have some time to judge, then the provider may claim once that is over, and not before', () => {
  const disputed = agreed({ disputeWindow: hour })
  const claim = closings.claimed(disputed, voucherFor(disputed, 4_000n))
  const { endsAt } = disputed.terms
  expect(refusalOf(claim, { of: disputed, at: endsAt + hour - 1 })).toBe('too-early')
  expect(refusalOf(claim, { of: disputed, at: endsAt + hour })).toBeNull()
})

test('given several arbiters, then all of them have to sign the same sum', () => {
  const judged = agreed({ arbiters: [judge, 'second-judge' as NodeId] })
  const whole = closings.judged(judged, 5n) as Extract<Closing, { how: 'judged' }>
  const [first = '', second = ''] = whole.byArbiters
  expect(refusalOf(whole, { of: judged })).toBeNull()
  for (const byArbiters of [[first], [first, first], ['', second], [second, first]])
    expect(refusalOf({ ...whole, byArbiters }, { of: judged })).toBe('signature')
})

test('given less set aside than agreed, then the provider gets what there is', () => {
  expect(refusalOf(closings.claimed(agreement, voucherFor(agreement, 9_000n)), { funds: 5_000n })).toBeNull()
})

const byProvider = (parts: Partial<Extract<Closing, { how: 'claimed' }>>): Closing =>
  ({ ...closings.claimed(agreement, voucherFor(agreement, 4_000n)), ...parts }) as Closing
const foreign = agreed({ nonce: '1'.repeat(32) })

test.each<[string, Closing, Tried, string]>([
  [
    'a voucher of the provider itself',
    byProvider({ voucher: voucherFor(agreement, 4_000n, provider) }),
    {},
    'signature',
  ],
  ['a voucher for another agreement', byProvider({ voucher: voucherFor(foreign, 4_000n) }), {}, 'signature'],
  [
    'a voucher that was raised',
    byProvider({
      voucher: { ...voucherFor(agreement, 4_000n), voucher: { ...voucherFor(agreement, 4_000n).voucher, due: 9_000n } },
    }),
    {},
    'signature',
  ],
  ['more than was agreed', closings.agreed(agreement, 10_001n), {}, 'too-much'],
  ['less than nothing', closings.agreed(agreement, -1n), {}, 'too-much'],
  [
    'one signature of two',
    { ...closings.agreed(agreement, 5n), byProvider: closings.agreed(agreement, 5n).how } as Closing,
    {},
    'signature',
  ],
  [
    'a judgement without arbiters',
    { how: 'judged', paid: 10_000n, byArbiters: [] },
    { of: agreed({ arbiters: [] }) },
    'signature',
  ],
  [
    'a judgement that an arbiter has not signed',
    { ...closings.judged(agreement, 5n), byArbiters: ['x'] } as Closing,
    {},
    'signature',
  ],
  [
    'terms that the provider has not signed',
    closings.agreed(agreement, 5n),
    { of: { ...agreement, byProvider: agreement.byBuyer } },
    'agreement',
  ],
  ['terms of another network', closings.agreed(agreement, 5n), { of: agreed({ network: 'molt-other' }) }, 'agreement'],
  [
    'everything to the provider',
    closings.agreed(agreement, 5n),
    { outputs: [{ to: provider, amount: held }] },
    'malformed',
  ],
  [
    'a part that stays',
    closings.agreed(agreement, 4_000n),
    { outputs: payouts(agreement, network, { held: 9_000n, paid: 4_000n }) },
    'funds',
  ],
  [
    'credit that is not there',
    closings.agreed(agreement, 4_000n),
    { outputs: payouts(agreement, network, { held: 19_000n, paid: 4_000n }) },
    'funds',
  ],
])('given %s, then no witness votes for it', (_, closing, tried, refusal) => {
  expect(refusalOf(closing, tried)).toBe(refusal)
})

test('given a key that would sign for what is set aside, then it cannot: nobody owns that account', () => {
  const account = holdAccount(agreement)
  const ledger = ledgerOf([
    [mint, buyer, held],
    [buyer, account, held],
  ])
  const spend = { account, sequence: 1, previous: originOf(account), outputs: [{ to: buyer, amount: held }] }
  const order: Order = { spend, right: { type: 'owner', signature: signedBy(account, 'spend', spend) } }
  expect(votePrepare(ledger, { order, round: 0, grounds: null }, rulesAt(end))).toMatchObject({ refusal: 'malformed' })
})

test.each<[string, Record<string, unknown>]>([
  ['a rate below nothing', { rate: '-1' }],
  ['a rate that is a fraction', { rate: '1.5' }],
  ['an amount as a number', { hold: 5 }],
  ['no GPUs', { gpus: 0 }],
  ['a number of GPUs that is none', { gpus: Number.NaN }],
  ['a lender who borrows from himself', { provider: buyer }],
  ['an end before the start', { endsAt: 0, startsAt: 1 }],
  ['an interval of nothing', { interval: 0 }],
  ['an image by its tag', { image: 'busybox:latest' }],
  ['an arbiter who is a party', { arbiters: [provider] }],
  ['a field that is not known', { extra: true }],
])('terms with %s are refused', (_, parts) => {
  const { terms } = agreement
  const written = { ...terms, rate: `${terms.rate}`, hold: `${terms.hold}`, credit: `${terms.credit}` }
  expect(Terms.safeParse(written).success).toBe(true)
  expect(Terms.safeParse({ ...written, ...parts }).success).toBe(false)
})
