import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdAccount } from '../../../../src/core/molt/agreement.ts'
import { payouts, paidBy } from '../../../../src/core/molt/closing.ts'
import type { Closing } from '../../../../src/core/molt/closing.ts'
import type { Ledger } from '../../../../src/core/molt/ledger.ts'
import { accountIn, settle, sumOf } from '../../../../src/core/molt/ledger.ts'
import type { Grounds, SignedStatement } from '../../../../src/core/molt/rounds.ts'
import { leaveFor, voteCommit, votePrepare } from '../../../../src/core/molt/rounds.ts'
import type { Certificate, Order, Phase, Vote } from '../../../../src/core/molt/spend.ts'
import { originOf, spendHash } from '../../../../src/core/molt/spend.ts'
import {
  agreed,
  buyer,
  certified,
  closings,
  ledgerOf,
  mint,
  network,
  pay,
  provider,
  rulesAt,
  signedBy,
  voteOf,
  voucherFor,
} from '../../../support/molt/samples.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { hour } from '../../../../src/model/time.ts'

const agreement = agreed()
const account = holdAccount(agreement)
const funded = ledgerOf([
  [mint, buyer, 10_000n],
  [buyer, account, 10_000n],
])
/** So late that both may close it. */
const rules = rulesAt(48 * hour)

const closed = (closing: Closing): Order => ({
  spend: {
    ...{ account, sequence: 1, previous: originOf(account) },
    outputs: payouts(agreement, network, { held: 10_000n, paid: paidBy(closing) }),
  },
  right: { type: 'closing', agreement, closing },
})
const orders: readonly [Order, Order, Order] = [
  closed(closings.claimed(agreement, voucherFor(agreement, 4_000n))),
  closed(closings.claimed(agreement, voucherFor(agreement, 5_000n))),
  closed(closings.takenBack(agreement)),
]

/** Three honest witnesses and one who signs whatever helps, and a network that loses and delays as the picks say. */
class Closers {
  ledgers: Ledger[] = [funded, funded, funded]
  readonly #votes = new Map<
    string,
    { readonly order: Order; readonly phase: Phase; readonly round: number; readonly votes: Map<string, Vote> }
  >()
  readonly #statements: SignedStatement[] = []

  vote(
    i: number,
    order: Order,
    phase: 'prepare' | 'commit',
    round: number,
    outcome: { readonly ok: boolean; readonly value?: Ledger },
  ): void {
    if (!outcome.ok || outcome.value === undefined) return
    this.ledgers = this.ledgers.with(i, outcome.value)
    const key = `${phase} ${round} ${spendHash(order.spend)}`
    const kept = this.#votes.get(key) ?? {
      order,
      phase,
      round,
      votes: new Map([['w3', voteOf('w3', order, phase, round)]]),
    }
    kept.votes.set(`w${i}`, voteOf(`w${i}`, order, phase, round))
    this.#votes.set(key, kept)
  }

  certificates(phase: Phase): readonly Certificate[] {
    return [...this.#votes.values()]
      .filter((each) => each.phase === phase && each.votes.size >= network.quorum)
      .map((each) => ({ order: each.order, phase, round: each.round, votes: [...each.votes.values()] }))
  }

  propose(i: number, order: Order, round: number, grounds: Grounds | null): void {
    const ledger = this.ledgers[i] ?? funded
    this.vote(i, order, 'prepare', round, votePrepare(ledger, { order, round, grounds }, rules))
  }

  commit(i: number, prepared: Certificate): void {
    this.vote(i, prepared.order, 'commit', prepared.round, voteCommit(this.ledgers[i] ?? funded, prepared, rules))
  }

  leave(i: number, round: number): SignedStatement | null {
    const outcome = leaveFor(this.ledgers[i] ?? funded, { account, sequence: 1, round, shown: this.#statements }, rules)
    if (!outcome.ok) return null
    this.ledgers = this.ledgers.with(i, outcome.value.ledger)
    const { statement } = outcome.value
    const signed = { witness: nodeId(`w${i}`), statement, signature: signedBy(`w${i}`, 'statement', statement) }
    this.#statements.push(signed)
    return signed
  }

  /** Everything that can be said for a round, and the liar's word that it has seen nothing, or something. */
  grounds(round: number, pick: number): Grounds {
    const known = this.certificates('prepare')
    const lock = known[pick % (known.length + 1)] ?? null
    const told = pick % 2 === 0 || lock === null ? null : { round: lock.round, hash: spendHash(lock.order.spend) }
    const lie = { account, sequence: 1, round, lock: told }
    const honest = this.#statements.filter(({ statement }) => statement.round === round)
    // Not all of them have to be shown.
    const shown = honest.filter((_, at) => (pick >> at) % 4 !== 0)
    return { statements: [...shown, liar(lie)], lock }
  }
}

const liar = (statement: SignedStatement['statement']): SignedStatement => ({
  ...{ witness: nodeId('w3'), statement },
  signature: signedBy('w3', 'statement', statement),
})

const step = fc.record({
  what: fc.constantFrom(...(['propose', 'commit', 'commit', 'commit', 'leave', 'leave', 'reopen', 'reopen'] as const)),
  witness: fc.nat(2),
  order: fc.nat(2),
  pick: fc.nat(10_000),
})

test('given two parties who close at once, again and again, and a witness who lies, then at most one closing is ever final, and one can be', () => {
  let finals = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
      const closers = new Closers()
      let round = 1
      for (const { what, witness, order: at, pick } of steps) {
        if (pick % 12 === 0 && round < 5) round += 1
        const order = orders[at] as Order
        if (what === 'propose') closers.propose(witness, order, 0, null)
        if (what === 'leave') closers.leave(witness, round)
        if (what === 'reopen') closers.propose(witness, order, round, closers.grounds(round, pick))
        const prepared = closers.certificates('prepare')
        if (what === 'commit' && prepared.length > 0)
          closers.commit(witness, prepared[pick % prepared.length] as Certificate)
      }
      const hashes = (): ReadonlySet<string> =>
        new Set(closers.certificates('commit').map(({ order }) => spendHash(order.spend)))
      const before = hashes()
      expect(before.size).toBeLessThanOrEqual(1)
      finals += before.size

      // The network is good again, and an honest party opens one more round.
      for (let each = 1; each <= 6; each += 1) for (const i of [0, 1, 2]) closers.leave(i, each)
      const statements = [0, 1, 2].map((i) => {
        const outcome = leaveFor(closers.ledgers[i] ?? funded, { account, sequence: 1, round: 6, shown: [] }, rules)
        if (!outcome.ok) throw new Error(outcome.refusal)
        const { statement, lock } = outcome.value
        const signed = { witness: nodeId(`w${i}`), statement, signature: signedBy(`w${i}`, 'statement', statement) }
        return { signed, lock }
      })
      const lock = statements.reduce<Certificate | null>(
        (latest, each) => (each.lock !== null && each.lock.round > (latest?.round ?? -1) ? each.lock : latest),
        null,
      )
      const order = lock?.order ?? orders[0]
      for (const i of [0, 1, 2])
        closers.propose(i, order, 6, { statements: statements.map(({ signed }) => signed), lock })
      const [prepared] = closers.certificates('prepare').filter(({ round }) => round === 6)
      expect(prepared).toBeDefined()
      for (const i of [0, 1, 2]) if (prepared !== undefined) closers.commit(i, prepared)
      const after = hashes()
      expect([after.size, after.isSupersetOf(before)]).toEqual([1, true])

      const [final] = closers.certificates('commit')
      const outcome = final && settle(closers.ledgers[0] ?? funded, final, rules)
      if (outcome?.ok !== true) throw new Error('it does not settle')
      expect([accountIn(outcome.value, account).balance, sumOf(outcome.value)]).toEqual([0n, 0n])
    }),
    { numRuns: 250 },
  )
  // The schedules are good enough to come to an end by themselves now and then.

  expect(finals).toBeGreaterThan(20)
})

test('given a line that is final in a later round than another was prepared in, then the earlier one cannot be brought back', () => {
  const closers = new Closers()
  const [early, late] = orders
  for (const i of [0, 1]) closers.propose(i, early, 0, null)
  const [prepared] = closers.certificates('prepare') as [Certificate]
  closers.commit(0, prepared)
  const statements = (round: number, of: readonly number[]): SignedStatement[] => [
    ...of.map((i) => closers.leave(i, round)).flatMap((said) => said ?? []),
    liar({ account, sequence: 1, round, lock: null }),
  ]
  // Of the round that has no result, those who are asked know nothing.
  const grounds = { statements: statements(1, [1, 2]), lock: null }
  for (const i of [1, 2]) closers.propose(i, late, 1, grounds)
  const second = closers.certificates('prepare').find(({ round }) => round === 1) as Certificate
  for (const i of [1, 2]) closers.commit(i, second)
  expect(closers.certificates('commit').map(({ order }) => order)).toEqual([late])

  const told = statements(2, [0, 1])
  for (const [order, lock, isRight] of [
    [early, prepared, false],
    [late, prepared, false],
    [early, second, false],
    [early, null, false],
    [late, second, true],
  ] as const) {
    const outcome = votePrepare(
      closers.ledgers[2] as Ledger,
      { order, round: 2, grounds: { statements: told, lock } },
      rules,
    )
    expect(outcome.ok).toBe(isRight)
  }
})

test('given a witness that has left a round, then it votes for nothing of it any more', () => {
  const first = leaveFor(funded, { account, sequence: 1, round: 1, shown: [] }, rules)
  if (!first.ok) throw new Error(first.refusal)
  const left = leaveFor(first.value.ledger, { account, sequence: 1, round: 2, shown: [] }, rules)
  if (!left.ok) throw new Error(left.refusal)
  const [order] = orders
  if (order === undefined) throw new Error('there is none')
  const { ledger } = left.value
  expect(votePrepare(ledger, { order, round: 0, grounds: null }, rules)).toMatchObject({ refusal: 'voted' })
  const prepared: Certificate = {
    ...{ order, phase: 'prepare', round: 1 },
    votes: ['w1', 'w2', 'w3'].map((name) => voteOf(name, order, 'prepare', 1)),
  }
  expect(voteCommit(ledger, prepared, rules)).toMatchObject({ refusal: 'voted' })
  expect(leaveFor(ledger, { account, sequence: 1, round: 1, shown: [] }, rules)).toMatchObject({ refusal: 'voted' })
})

test('given rounds for an account that somebody owns, or numbers that are none, then they are refused', () => {
  expect(leaveFor(funded, { account: provider, sequence: 1, round: 1, shown: [] }, rules)).toMatchObject({
    refusal: 'phase',
  })
  for (const round of [0, -1, 1.5, Number.NaN, Infinity])
    expect(leaveFor(funded, { account, sequence: 1, round, shown: [] }, rules)).toMatchObject({ refusal: 'phase' })
})

test('given somebody who would use up all rounds at once, then a round is opened only after the one before it', () => {
  const wanted = { account, sequence: 1 }
  const said = (name: string, round: number): SignedStatement => {
    const statement = { ...wanted, round, lock: null }
    return { witness: nodeId(name), statement, signature: signedBy(name, 'statement', statement) }
  }
  const opened = (round: number, shown: readonly SignedStatement[]): boolean =>
    leaveFor(funded, { ...wanted, round, shown }, rules).ok
  expect(opened(Number.MAX_SAFE_INTEGER, [])).toBe(false)
  expect(opened(2, [])).toBe(false)
  // One alone may lie, however often it says so, and so may who is no witness.
  expect(opened(5, [said('w3', 4), said('w3', 4)])).toBe(false)
  expect(opened(5, [said('w3', 4), said('buyer', 4)])).toBe(false)
  expect(opened(5, [said('w3', 4), { ...said('w2', 4), signature: said('w2', 3).signature }])).toBe(false)
  expect(opened(5, [said('w3', 4), said('w2', 4)])).toBe(true)
})

test('given somebody who sends a little to what is set aside, when it is being closed, then that holds up nothing and goes back to the buyer', () => {
  const [order] = orders
  const dusty = (ledger: Ledger): Ledger => {
    const outcome = settle(ledger, certified(pay(ledger, mint, [[account, 1n]])), rules)
    if (!outcome.ok) throw new Error(outcome.refusal)
    return outcome.value
  }
  // Before the first vote, and between the two.
  expect(votePrepare(dusty(funded), { order, round: 0, grounds: null }, rules).ok).toBe(true)
  const prepared = certified(order, 'prepare')
  const committed = voteCommit(dusty(funded), prepared, rules)
  if (!committed.ok) throw new Error(committed.refusal)
  const final = settle(committed.value, certified(order, 'commit'), rules)
  if (!final.ok) throw new Error(final.refusal)
  expect(accountIn(final.value, account).balance).toBe(1n)
  const { spend } = order
  const rest: Order = {
    ...order,
    spend: { account, sequence: 2, previous: spendHash(spend), outputs: [{ to: buyer, amount: 1n }] },
  }
  expect(votePrepare(final.value, { order: rest, round: 0, grounds: null }, rules).ok).toBe(true)
  const stolen = { ...rest, spend: { ...rest.spend, outputs: [{ to: provider, amount: 1n }] } }
  expect(votePrepare(final.value, { order: stolen, round: 0, grounds: null }, rules)).toMatchObject({
    refusal: 'malformed',
  })
})

test('given a claim that somebody would cut down to a part, then no witness votes for it', () => {
  const [{ right }] = orders
  const outputs = payouts(agreement, network, { held: 2_000n, paid: 2_000n })
  const order: Order = { right, spend: { account, sequence: 1, previous: originOf(account), outputs } }
  expect(votePrepare(funded, { order, round: 0, grounds: null }, rules)).toMatchObject({ refusal: 'funds' })
})
