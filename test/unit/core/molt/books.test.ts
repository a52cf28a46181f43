import { describe, expect, test } from 'vitest'
import { agreementId, holdAccount } from '../../../../src/core/molt/agreement.ts'
import type { Books, BooksEntry } from '../../../../src/core/molt/books.ts'
import { decodeBooksEntry, emptyBooks, encodeBooksEntry, enter, spendableIn } from '../../../../src/core/molt/books.ts'
import { payouts } from '../../../../src/core/molt/closing.ts'
import { originOf, type Certificate, type Order, type Spend } from '../../../../src/core/molt/spend.ts'
import {
  postingsOf,
  statementCsv,
  statementOf,
  statementRow,
  trialBalance,
} from '../../../../src/core/molt/statement.ts'
import { verifyAccount, verifyBooks } from '../../../../src/core/molt/verify.ts'
import type { MicroMolt } from '../../../../src/model/amount.ts'
import { nameVerifier } from '../../../support/molt/names.ts'
import {
  agreed,
  buyer,
  certified,
  closings,
  mint,
  network,
  pay,
  provider,
  signedBy,
  voucherFor,
} from '../../../support/molt/samples.ts'

const agreement = agreed()
const hold = holdAccount(agreement)
const rules = { network, verifier: nameVerifier }

const lineAfter = (last: Certificate | null, from: string, to: string, amount: MicroMolt): Certificate => {
  const first = pay(new Map(), from, [[to, amount]])
  if (last === null) return certified(first)
  const spend: Spend = { ...first.spend, sequence: last.order.spend.sequence + 1, previous: hashAfter(last) }
  return certified({ spend, right: { type: 'owner', signature: signedBy(from, 'spend', spend) } })
}
const hashAfter = (line: Certificate): string => {
  const books = enter(emptyBooks(network.id, buyer), { type: 'final', line, at: 0 })
  return books.head
}

const closed: Order = {
  spend: {
    account: hold,
    sequence: 1,
    previous: originOf(hold),
    outputs: [...payouts(agreement, network, { held: 10_000n, paid: 4_000n })],
  },
  right: { type: 'closing', agreement, closing: closings.claimed(agreement, voucherFor(agreement, 4_000n)) },
}
const credit = lineAfter(null, mint, buyer, 20_000n)
const held = lineAfter(null, buyer, hold, 10_000n)
const gift = lineAfter(held, buyer, mint, 500n)
const entries: readonly BooksEntry[] = [
  { type: 'begun', network: network.id, account: buyer, at: 1 },
  { type: 'final', line: credit, at: 2 },
  { type: 'agreement', agreement, at: 3 },
  { type: 'proposed', order: held.order, purpose: 'hold', at: 4 },
  { type: 'final', line: held, at: 5 },
  { type: 'final', line: certified(closed, 'commit'), at: 6 },
  { type: 'proposed', order: gift.order, purpose: '=gift, "for you"', at: 7 },
  { type: 'final', line: gift, at: 8 },
]
const booksOf = (some: readonly BooksEntry[]): Books => some.reduce(enter, emptyBooks(network.id, buyer))

describe('given the books of a buyer', () => {
  test('then the statement has a reason for each change, and ends with the balance of the books', () => {
    const books = booksOf(entries)
    const lines = statementOf(books, network)
    expect(lines.map(({ kind, change, balance }) => [kind, change, balance])).toEqual([
      ['issue', 20_000n, 20_000n],
      ['hold', -10_000n, 10_000n],
      ['refund', 6_000n, 16_000n],
      ['transfer', -500n, 15_500n],
    ])
    expect(lines.at(-1)?.balance).toBe(books.balance)
  })

  test('then what was set aside is told to the last µMOLT, and all accounts together have nothing', () => {
    const postings = postingsOf(booksOf(entries), network)
    expect(postings.map(({ kind }) => kind)).toEqual(['issue', 'hold', 'release', 'fee', 'refund', 'transfer'])
    const balances = trialBalance(postings)
    expect(balances.get(hold)).toBe(0n)
    expect(balances.get(provider)).toBe(3_900n)
    expect(balances.values().reduce((sum, balance) => sum + balance, 0n)).toBe(0n)
  })

  test('then a line on its way cannot be spent twice, and what was asked for with a purpose is found again', () => {
    const before = booksOf(entries.slice(0, 2))
    expect(spendableIn(before, network)).toBe(20_000n)
    const proposed = booksOf(entries.slice(0, 4))
    expect([spendableIn(proposed, network), proposed.balance]).toEqual([10_000n, 20_000n])
    expect(booksOf(entries).byPurpose.get('hold')?.line).toEqual(held)
  })

  test('then they can be exported, and no field is taken for a formula', () => {
    const lines = statementOf(booksOf(entries), network)
    const [head, , hold_, , last] = statementCsv(lines).split('\r\n')
    expect(head).toBe('at,kind,from,to,amount,change,balance,account,sequence,hash,purpose')
    expect(hold_).toContain(',10000,-10000,10000,buyer,1,')
    expect(last).toContain(`"'=gift, ""for you"""`)
    expect(lines.map(statementRow)[3]).toMatchObject({ amount: '500', change: '-500', purpose: '=gift, "for you"' })
  })

  test('then entries come back from the disk as they were', () => {
    const wide = (signature: string): string => signature.padEnd(86, 'A').slice(0, 86) + '=='
    const entry: BooksEntry = { type: 'given-up', sequence: 4, at: 9 }
    expect(decodeBooksEntry(encodeBooksEntry(entry))).toEqual(entry)
    expect(decodeBooksEntry(Buffer.from('{"type":"given-up"}'))).toBeNull()
    expect(decodeBooksEntry(Buffer.from('{'))).toBeNull()
    const text = JSON.parse(
      JSON.stringify(credit, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    ) as Certificate
    const line = {
      ...text,
      order: { ...text.order, right: { type: 'owner' as const, signature: wide('') } },
      votes: text.votes.map(({ witness }) => ({ witness, signature: wide('') })),
    }
    const read = decodeBooksEntry(encodeBooksEntry({ type: 'final', line, at: 1 }))
    expect(read).toMatchObject({ line: { order: { spend: { outputs: [{ to: 'buyer', amount: 20_000n }] } } } })
  })

  test('then books that are whole are found whole', () => {
    expect(verifyBooks(entries, buyer, rules)).toEqual({ ok: true, lines: 4, balance: 15_500n, sequence: 2 })
  })

  const altered = (place: number, change: (line: Certificate) => Certificate): readonly BooksEntry[] =>
    entries.map((entry, at) =>
      at === place && entry.type === 'final' ? { ...entry, line: change(entry.line) } : entry,
    )
  test.each<[string, readonly BooksEntry[], number, RegExp]>([
    [
      'a line without its votes',
      altered(4, (line) => ({ ...line, votes: line.votes.slice(1) })),
      5,
      /too few witnesses/,
    ],
    [
      'a line that another has signed',
      altered(1, (line) => ({
        ...line,
        order: { ...line.order, right: { type: 'owner', signature: signedBy(provider, 'spend', line.order.spend) } },
      })),
      2,
      /not signed by/,
    ],
    [
      'an amount that was changed',
      altered(4, (line) => ({
        ...line,
        order: { ...line.order, spend: { ...line.order.spend, outputs: [{ to: hold, amount: 1n }] } },
      })),
      5,
      /not signed by/,
    ],
    ['a line that is missing', entries.filter((_, at) => at !== 3 && at !== 4), 5, /not the next one/],
    ['a line that is there twice', [...entries, entries[1] as BooksEntry], 9, /twice/],
    ['more spent than there was', entries.filter((_, at) => at !== 1), 4, /more was spent/],
    [
      'a line of others',
      [...entries, { type: 'final', line: lineAfter(null, provider, mint, 5n), at: 9 }],
      9,
      /of others/,
    ],
    [
      'the books of somebody else',
      [{ type: 'begun', network: network.id, account: provider, at: 1 }],
      1,
      /another account/,
    ],
    ['no beginning', entries.slice(1), 1, /begin once/],
  ])('then %s is found, with its place', (_, wrong, at, problem) => {
    expect(verifyBooks(wrong, buyer, rules)).toMatchObject({
      ok: false,
      at,
      problem: expect.stringMatching(problem) as string,
    })
  })
})

describe('given the lines of any account', () => {
  test('then what is on it follows from them', () => {
    expect(
      verifyAccount(buyer, { sent: [held, gift], received: [credit, certified(closed, 'commit')] }, rules),
    ).toEqual({
      ...{ ok: true, lines: 4, balance: 15_500n, sequence: 2 },
    })
    expect(agreementId(agreement)).toBe(hold.slice(4))
  })

  test.each([
    ['a gap', { sent: [gift], received: [credit] }, /does not follow/],
    ['more spent than came in', { sent: [held], received: [] }, /more was spent/],
    ['one counted twice', { sent: [], received: [credit, credit] }, /twice/],
    ['one that pays to somebody else', { sent: [], received: [held] }, /does not pay/],
    ['a vote too few', { sent: [], received: [{ ...credit, votes: credit.votes.slice(1) }] }, /too few/],
    ['a first vote for a last', { sent: [], received: [certified(closed, 'prepare')] }, /to the end/],
  ])('then %s is found', (_, lines, problem) => {
    expect(verifyAccount(buyer, lines, rules)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(problem) as string,
    })
  })
})
