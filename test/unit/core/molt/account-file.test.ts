import { describe, expect, test } from 'vitest'
import { createVerifier } from '../../../../src/adapters/keys/signatures.ts'
import { AccountFile, accountFileText, checkFile } from '../../../../src/core/molt/account-file.ts'
import { agreementId, holdAccount } from '../../../../src/core/molt/agreement.ts'
import { type Books, type BooksEntry, emptyBooks, enter } from '../../../../src/core/molt/books.ts'
import { originOf } from '../../../../src/core/molt/spend.ts'
import { statementOf } from '../../../../src/core/molt/statement.ts'
import { found, type Verdict } from '../../../../src/core/molt/verify.ts'
import { setAsideIn } from '../../../../src/core/molt/wallet.ts'
import { counted, customer, genesis, issuer, network, ordered } from '../../../support/molt/one-witness.ts'
import { agreed } from '../../../support/molt/samples.ts'

const buyer = customer.id
const agreement = agreed({ buyer })
const { provider } = agreement.terms
const first = { sequence: 1 } as const
const credit = counted(
  ordered(
    { ...first, account: issuer.id, previous: originOf(issuer.id), outputs: [{ to: buyer, amount: 20_000n }] },
    issuer,
  ),
)
const held = counted(
  ordered(
    { ...first, account: buyer, previous: originOf(buyer), outputs: [{ to: holdAccount(agreement), amount: 10_000n }] },
    customer,
  ),
)
const entries: readonly BooksEntry[] = [
  { type: 'begun', network: network.id, account: buyer, at: 1 },
  { type: 'final', line: credit, at: 2 },
  { type: 'agreement', agreement, at: 3 },
  { type: 'final', line: held, at: 4 },
]
const booksOf = (these: readonly BooksEntry[]): Books => these.reduce(enter, emptyBooks(network.id, buyer))

const books = booksOf(entries)
const text = [
  ...accountFileText({
    ...{ genesis, account: buyer, statement: statementOf(books, network) },
    ...{ sent: books.sent, received: books.received },
  }),
].join('')
const check = (written: string): Verdict => found(checkFile(AccountFile.parse(JSON.parse(written)), createVerifier()))

describe('an account that was written to a file', () => {
  test('is whole where nobody has changed it', () => {
    expect(check(text)).toEqual({ ok: true, lines: 2, balance: 10_000n, sequence: 1 })
  })

  test('is whole with a part of its statement, and with none', () => {
    const file = JSON.parse(text) as { statement: unknown[] }
    for (const statement of [file.statement.slice(1), []])
      expect(check(JSON.stringify({ ...file, statement }))).toMatchObject({ ok: true, balance: 10_000n })
  })

  test.each([
    ['an amount in a line', '"amount":"20000","to"', '"amount":"30000","to"', 'it is not signed by'],
    ['an amount in the statement', '"amount":"20000","at"', '"amount":"30000","at"', 'no line says that'],
    ['a change in the statement', '"change":"-10000"', '"change":"-1"', 'the change is not what the line says'],
    ['a balance in the statement', '"balance":"10000"', '"balance":"10001"', 'the balance does not follow'],
  ])('is broken by %s', (_, said, instead, problem) => {
    expect(text).toContain(said)
    expect(check(text.replaceAll(said, instead))).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem),
    })
  })

  test('is broken where a line was left out, and where the statement ends too early', () => {
    const file = JSON.parse(text) as { received: unknown[]; statement: unknown[] }
    expect(check(JSON.stringify({ ...file, received: [] }))).toMatchObject({
      ...{ ok: false, problem: 'more was spent than there was' },
    })
    expect(check(JSON.stringify({ ...file, statement: file.statement.slice(0, 1) }))).toMatchObject({
      ...{ ok: false, problem: 'it does not end with what the lines leave' },
    })
  })
})

describe('what is set aside', () => {
  test('is what was paid for an agreement that is open', () => {
    expect(setAsideIn(booksOf(entries))).toEqual([
      { agreement: agreementId(agreement), buyer, provider, amount: 10_000n, isClosing: false },
    ])
  })

  test('is nothing before it was paid', () => {
    expect(setAsideIn(booksOf(entries.slice(0, 3)))).toEqual([])
  })
})
