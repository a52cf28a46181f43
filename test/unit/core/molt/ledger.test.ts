import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ledger } from '../../../../src/core/molt/ledger.ts'
import { accountIn, emptyLedger, settle, spendable, sumOf, votePay } from '../../../../src/core/molt/ledger.ts'
import { quorumOf } from '../../../../src/core/molt/network.ts'
import type { Certificate, Order } from '../../../../src/core/molt/spend.ts'
import { spendHash, trimmed } from '../../../../src/core/molt/spend.ts'
import {
  buyer,
  certified,
  ledgerOf,
  mint,
  network,
  pay,
  provider,
  rulesAt,
  signedBy,
  voteOf,
  witnesses,
} from '../../../support/molt/samples.ts'

const rules = rulesAt(0)
const refusalOf = (outcome: { readonly ok: boolean; readonly refusal?: string }): string | null =>
  outcome.refusal ?? null

test('given any number of witnesses, then two quorums share one who does not lie, and the honest ones are enough for one', () => {
  fc.assert(
    fc.property(fc.nat(33), fc.nat(50), (faulty, more) => {
      const count = 3 * faulty + 1 + more
      const quorum = quorumOf(count, faulty)
      expect(2 * quorum - count).toBeGreaterThan(faulty)
      if (more === 0) expect(quorum).toBeLessThanOrEqual(count - faulty)
    }),
  )
})

describe('given an account with 100 µMOLT', () => {
  const ledger = ledgerOf([[mint, buyer, 100n]])
  const order = pay(ledger, buyer, [[provider, 60n]])
  const altered = (parts: Partial<Order['spend']>): Order => {
    const spend = { ...order.spend, ...parts }
    return { spend, right: { type: 'owner', signature: signedBy(buyer, 'spend', spend) } }
  }

  test('then 60 of them can be paid, once', () => {
    const voted = votePay(ledger, order, rules)
    expect(voted.ok).toBe(true)
    const after = settle(ledger, certified(order), rules)
    if (!after.ok) throw new Error(after.refusal)
    expect([accountIn(after.value, buyer).balance, accountIn(after.value, provider).balance]).toEqual([40n, 60n])
    expect(settle(after.value, certified(order), rules)).toEqual(after)
    expect(refusalOf(votePay(after.value, order, rules))).toBe('behind')
  })

  test.each<[string, Order, string]>([
    ['more than there is', altered({ outputs: [{ to: provider, amount: 101n }] }), 'funds'],
    ['nothing', altered({ outputs: [] }), 'malformed'],
    ['nothing to somebody', altered({ outputs: [{ to: provider, amount: 0n }] }), 'malformed'],
    ['less than nothing', altered({ outputs: [{ to: provider, amount: -5n }] }), 'malformed'],
    ['more than fits', altered({ outputs: [{ to: provider, amount: 2n ** 63n }] }), 'malformed'],
    [
      'more than fits all together',
      altered({
        outputs: [
          { to: provider, amount: 2n ** 63n - 1n },
          { to: 'house', amount: 1n },
        ],
      }),
      'malformed',
    ],
    ['itself', altered({ outputs: [{ to: buyer, amount: 5n }] }), 'malformed'],
    ['with a number that is none', altered({ sequence: Number.NaN }), 'malformed'],
    ['with a number that is too large', altered({ sequence: 2 ** 53 }), 'malformed'],
    ['with the number after the next', altered({ sequence: 2 }), 'ahead'],
    ['after another line', altered({ previous: 'f'.repeat(64) }), 'chain'],
    [
      'with somebody else’s signature',
      { ...order, right: { type: 'owner', signature: signedBy(provider, 'spend', order.spend) } },
      'signature',
    ],
  ])('then nobody can pay %s', (_, wrong, refusal) => {
    expect(refusalOf(votePay(ledger, wrong, rules))).toBe(refusal)
  })

  test('then a witness that is for one line is for no other with its number, but again for the same', () => {
    const voted = votePay(ledger, order, rules)
    if (!voted.ok) throw new Error(voted.refusal)
    expect(refusalOf(votePay(voted.value, pay(ledger, buyer, [[mint, 60n]]), rules))).toBe('voted')
    expect(votePay(voted.value, order, rules)).toEqual(voted)
  })

  test('then a line needs a quorum of different witnesses of the network, for that line', () => {
    const other = pay(ledger, buyer, [[mint, 60n]])
    const votes = witnesses.map((witness) => voteOf(witness, order, 'pay'))
    const refusal = (certificate: Certificate): string | null => refusalOf(settle(ledger, certificate, rules))
    const whole = certified(order)
    expect(refusal({ ...whole, votes: votes.slice(0, network.quorum - 1) })).toBe('certificate')
    expect(refusal({ ...whole, votes: [votes[0], votes[0], votes[0], votes[0]].flatMap((vote) => vote ?? []) })).toBe(
      'certificate',
    )
    expect(refusal({ ...whole, votes: ['x0', 'x1', 'x2'].map((name) => voteOf(name, order, 'pay')) })).toBe(
      'certificate',
    )
    expect(refusal({ ...whole, order: other })).toBe('certificate')
    expect(refusal({ ...whole, votes: [...votes, ...votes.slice(0, 1)] })).toBe('certificate')
    // No witness signs by what right it is.
    const right = { type: 'owner', signature: signedBy(provider, 'spend', order.spend) } as const
    expect(refusal({ ...whole, order: { ...order, right } })).toBe('signature')
    expect(refusal({ ...whole, round: 1 })).toBe('certificate')
    expect(refusal({ ...certified(order, 'prepare'), phase: 'prepare' })).toBe('phase')
  })
})

describe('what signatures are checked', () => {
  const order = pay(emptyLedger, mint, [[buyer, 100n]])
  const all = witnesses.map((witness) => voteOf(witness, order, 'pay'))
  const counting = () => {
    let checked = 0
    const { verify } = rules.verifier
    const counted: typeof verify = (...said) => {
      checked += 1
      return verify(...said)
    }
    return { network, verifier: { ...rules.verifier, verify: counted }, checked: () => checked }
  }

  test('given many votes that name one witness, then only one of them is checked', () => {
    const { checked, ...counted } = counting()
    const [first] = all
    const forged = all.flatMap(() => (first === undefined ? [] : [{ ...first, signature: 'forged' }]))
    const outcome = settle(emptyLedger, { ...certified(order), votes: forged }, counted)
    expect([refusalOf(outcome), checked()]).toEqual(['certificate', 1])
  })

  test('given a certified line without more votes than it takes, then none is checked again before it is kept', () => {
    const { checked, ...counted } = counting()
    const line = { ...certified(order), votes: all.slice(0, network.quorum) }
    expect(trimmed(line, counted)).toEqual(line)
    expect(checked()).toBe(0)
  })

  test('given one with more, then as many good ones as it takes are kept', () => {
    const bad = all.slice(0, 1).map((vote) => ({ ...vote, signature: 'forged' }))
    const line = { ...certified(order), votes: [...bad, ...all.slice(1)] }
    expect(trimmed(line, counting()).votes).toEqual(all.slice(1, 1 + network.quorum))
  })
})

test('given an issuer, then it can bring into the network what its limit says, and no more', () => {
  const ledger = ledgerOf([[mint, buyer, 999_000n]])
  expect(spendable(ledger, network, mint)).toBe(1_000n)
  expect(refusalOf(votePay(ledger, pay(ledger, mint, [[buyer, 1_001n]]), rules))).toBe('funds')
  expect(votePay(ledger, pay(ledger, mint, [[buyer, 1_000n]]), rules).ok).toBe(true)
})

/** What somebody does next: pays, perhaps twice at once; or a message arrives somewhere. */
const deed = fc.record({
  who: fc.nat(3),
  to: fc.nat(3),
  amount: fc.bigInt(1n, 400n),
  isTwice: fc.boolean(),
  order: fc.infiniteStream(fc.nat(1_000)).map((stream) => Array.from({ length: 12 }, () => stream.next().value ?? 0)),
})

test('given owners who spend twice and a witness who votes for everything, then no line has a rival, and nothing is made or lost', () => {
  const people = [mint, buyer, provider, 'carol']
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      // The last witness lies: it has no ledger, and signs whatever it is asked for.
      const honest = witnesses.slice(0, 3)
      let ledgers: Ledger[] = honest.map(() => emptyLedger)
      const finals: Certificate[] = []
      for (const { who, to, amount, isTwice, order: picks } of deeds) {
        const from = people[who] ?? mint
        const known = ledgers[(picks[0] ?? 0) % 3] ?? emptyLedger
        const orders = [
          pay(known, from, [[people[to] ?? mint, amount]]),
          pay(known, from, [[people[(to + 1) % 4] ?? mint, amount]]),
        ]
        const asked = (isTwice ? orders : orders.slice(0, 1)).map((order) => ({
          order,
          votes: [voteOf('w3', order, 'pay')],
        }))
        for (const [i, pick] of picks.slice(1, 7).entries()) {
          const at = asked[pick % asked.length]
          const outcome = at && votePay(ledgers[i % 3] ?? emptyLedger, at.order, rules)
          if (at === undefined || outcome?.ok !== true) continue
          ledgers = ledgers.with(i % 3, outcome.value)
          at.votes.push(voteOf(honest[i % 3] ?? '', at.order, 'pay'))
        }
        for (const { order, votes } of asked) {
          const distinct = [...new Map(votes.map((vote) => [vote.witness, vote])).values()]
          if (distinct.length >= network.quorum) finals.push({ order, phase: 'pay', round: 0, votes: distinct })
        }
        // Some of the honest ones hear of what is final.
        for (const [i, pick] of picks.slice(7, 10).entries()) {
          if (pick % 2 === 0) continue
          for (const final of finals) {
            const outcome = settle(ledgers[i] ?? emptyLedger, final, rules)
            if (outcome.ok) ledgers = ledgers.with(i, outcome.value)
          }
        }
      }
      const byNumber = new Map<string, Set<string>>()
      for (const { order } of finals) {
        const key = `${order.spend.account}/${order.spend.sequence}`
        byNumber.set(key, (byNumber.get(key) ?? new Set()).add(spendHash(order.spend)))
      }
      expect([...byNumber.values()].filter(({ size }) => size > 1)).toEqual([])
      const ends = ledgers.map((ledger) =>
        finals.reduce((all, final) => {
          const outcome = settle(all, final, rules)
          if (!outcome.ok) throw new Error(outcome.refusal)
          return outcome.value
        }, ledger),
      )
      for (const end of ends) {
        expect(sumOf(end)).toBe(0n)
        for (const person of people) expect(spendable(end, network, person)).toBeGreaterThanOrEqual(0n)
        for (const person of people)
          expect(accountIn(end, person).balance).toBe(accountIn(ends[0] ?? end, person).balance)
      }
    }),
    { numRuns: 150 },
  )
})
