/** The books in double entry: each output of each line takes an amount from one account and gives it to another, for one reason. */
import type { MicroMolt } from '../../model/amount.ts'
import type { Hash } from '../../model/molt-agreement.ts'
import type { Agreement } from './agreement.ts'
import { isHoldAccount } from './agreement.ts'
import type { BookedLine, Books } from './books.ts'
import type { Output } from './closing.ts'
import type { Network } from './network.ts'
import { spendHash } from './spend.ts'

/**
 * `issue`: an issuer brings credit into the network. `hold`: it is set aside for an agreement. `release`: what was set aside goes to the
 * provider. `refund`: it goes back to the buyer. `fee`: what the network takes of it. `transfer`: everything else.
 */
export type PostingKind = 'issue' | 'hold' | 'release' | 'refund' | 'fee' | 'transfer'

export interface Posting {
  /** When the books heard of it. */
  readonly at: number
  readonly kind: PostingKind
  readonly from: string
  readonly to: string
  readonly amount: MicroMolt
  /** The line: the account whose it is, its number there, and its hash. */
  readonly account: string
  readonly sequence: number
  readonly hash: Hash
  readonly purpose: string | null
}

/** What a posting does to the own account. */
export interface StatementLine extends Posting {
  /** Below nothing when it leaves the account. */
  readonly change: MicroMolt
  readonly balance: MicroMolt
}

/** All of them, in the order in which the books heard of their lines. */
export const postingsOf = (books: Books, network: Pick<Network, 'limits'>): readonly Posting[] =>
  books.lines.flatMap((booked) => postings(booked, network))

function postings({ line, at, purpose }: BookedLine, network: Pick<Network, 'limits'>): readonly Posting[] {
  const { spend, right } = line.order
  const { account, sequence, outputs } = spend
  const agreement = right.type === 'closing' ? right.agreement : null
  const hash = spendHash(spend)
  return outputs.map((output, place) => ({
    ...{ at, purpose, account, sequence, hash, from: account, ...output },
    kind:
      agreement === null
        ? paidAs(account, output, network)
        : releasedAs(agreement, output, { isFirst: place === 0, isClosing: sequence === 1 }),
  }))
}

function paidAs(from: string, { to }: Output, { limits }: Pick<Network, 'limits'>): PostingKind {
  if (isHoldAccount(to)) return 'hold'
  return limits.has(from) ? 'issue' : 'transfer'
}

/** Outputs of a closing are in one order: to the provider, the fee, and back. Whoever gets the fee may be one of the two. */
function releasedAs(
  { terms }: Agreement,
  { to }: Output,
  { isFirst, isClosing }: { readonly isFirst: boolean; readonly isClosing: boolean },
): PostingKind {
  if (!isClosing) return 'refund'
  if (to === terms.provider && isFirst) return 'release'
  return to === terms.buyer ? 'refund' : 'fee'
}

/** What has changed the own account, and what was on it after each. The last balance is that of the books. */
export function statementOf(books: Books, network: Pick<Network, 'limits'>): readonly StatementLine[] {
  let balance = 0n
  return postingsOf(books, network).flatMap((posting) => {
    const change =
      posting.from === books.account ? -posting.amount : posting.to === books.account ? posting.amount : null
    if (change === null) return []
    balance += change
    return [{ ...posting, change, balance }]
  })
}

/** Of all accounts that the books name; together they are nothing. */
export function trialBalance(postings: readonly Posting[]): ReadonlyMap<string, MicroMolt> {
  const balances = new Map<string, MicroMolt>()
  const add = (account: string, amount: MicroMolt): void =>
    void balances.set(account, (balances.get(account) ?? 0n) + amount)
  for (const { from, to, amount } of postings) {
    add(from, -amount)
    add(to, amount)
  }
  return balances
}

const columns = [
  'at',
  'kind',
  'from',
  'to',
  'amount',
  'change',
  'balance',
  'account',
  'sequence',
  'hash',
  'purpose',
] as const

/** Amounts are whole µMOLT. */
export const statementRow = (
  line: StatementLine,
): Readonly<Record<(typeof columns)[number], string | number | null>> => ({
  ...{ at: new Date(line.at).toISOString(), kind: line.kind, from: line.from, to: line.to },
  ...{ amount: `${line.amount}`, change: `${line.change}`, balance: `${line.balance}` },
  ...{ account: line.account, sequence: line.sequence, hash: line.hash, purpose: line.purpose },
})

/** As RFC 4180 has it, with a first line of names. */
export function statementCsv(lines: readonly StatementLine[]): string {
  const rows = lines.map((line) => {
    const row = statementRow(line)
    return columns.map((column) => csvField(row[column])).join(',')
  })
  return `${[columns.join(','), ...rows].join('\r\n')}\r\n`
}

/** What a spreadsheet would take for a formula is told to be a text. */
function csvField(value: string | number | null): string {
  if (value === null) return ''
  const text = `${value}`
  const plain = /^[=+@\t\r]|^-(?!\d+$)/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
