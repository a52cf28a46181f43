/** Checks books, and any account of which the lines are there, by nothing but what stands in them and the network's rules. */
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate } from '../../model/molt-line.ts'
import type { Verifier } from '../../ports/signer.ts'
import type { Books, BooksEntry } from './books.ts'
import { concerns, emptyBooks, enter, keyOf } from './books.ts'
import type { Network } from './network.ts'
import type { SpendProblem } from './spend.ts'
import { finalPhase, finalProblem, isCertified, originOf, spendHash, totalOf } from './spend.ts'

export interface VerifyRules {
  readonly network: Network
  readonly verifier: Verifier
}

export type Verdict =
  | { readonly ok: true; readonly lines: number; readonly balance: MicroMolt; readonly sequence: number }
  /** The first that is not as it has to be: its place from 1, which line it is, and what is wrong with it. */
  | { readonly ok: false; readonly at: number; readonly line: string; readonly problem: string }

/** Why a line does not count on its own, whatever else is known; null when it does. */
export function lineProblem(line: Certificate, rules: VerifyRules): string | null {
  const { order, phase } = line
  const problem = finalProblem(order, rules)
  if (problem !== null) return wordsOf[problem]
  if (phase !== finalPhase(order.spend.account)) return 'it was not voted for to the end'
  return isCertified(line, rules) ? null : 'too few witnesses have signed it'
}

const wordsOf: Readonly<Record<SpendProblem, string>> = {
  malformed: 'it is not as lines have to be',
  signature: 'it is not signed by who has the right to it',
  agreement: 'the agreement is not signed, or another one',
  'too-early': 'it was closed too early',
  'too-much': 'more was paid than was set aside',
}

/** What a check finds, without pauses. */
export function found<T>(check: Generator<undefined, T>): T {
  for (;;) {
    const step = check.next()
    if (step.done === true) return step.value
  }
}

export const verifyBooks = (entries: readonly BooksEntry[], account: NodeId, rules: VerifyRules): Verdict =>
  found(checkBooks(entries, account, rules))

/** The own books: every signature, every link and every sum. Pauses after each line, as signatures take their time. */
export function* checkBooks(
  entries: readonly BooksEntry[],
  account: NodeId,
  rules: VerifyRules,
): Generator<undefined, Verdict> {
  let books: Books = emptyBooks(rules.network.id, account)
  for (const [place, entry] of entries.entries()) {
    const broken = (line: string, problem: string): Verdict => ({ ok: false, at: place + 1, line, problem })
    const line = entry.type === 'final' ? entry.line : null
    const name = line === null ? entry.type : keyOf(line.order.spend)
    if ((entry.type === 'begun') !== (place === 0)) return broken(name, 'books begin once')
    if (line !== null) {
      yield
      const problem = lineProblem(line, rules)
      if (problem !== null) return broken(name, problem)
      if (!concerns(books, line.order.spend)) return broken(name, 'it is of others')
      if (books.byKey.has(name)) return broken(name, 'it is there twice')
    }
    try {
      books = enter(books, entry)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return broken(name, error.message)
    }
    if (books.balance + limitOf(account, rules) < 0n) return broken(name, 'more was spent than there was')
  }
  return { ok: true, lines: books.lines.length, balance: books.balance, sequence: books.sequence }
}

export interface AccountLines {
  readonly sent: readonly Certificate[]
  readonly received: readonly Certificate[]
}

export const verifyAccount = (account: string, lines: AccountLines, rules: VerifyRules): Verdict =>
  found(checkAccount(account, lines, rules))

/** Any account: its own lines from the first on, and those that paid to it, in any order. Pauses after each line. */
export function* checkAccount(
  account: string,
  { sent, received }: AccountLines,
  rules: VerifyRules,
): Generator<undefined, Verdict> {
  const seen = new Set<string>()
  let balance = 0n
  for (const [place, line] of received.entries()) {
    yield
    const { spend } = line.order
    const broken = (problem: string): Verdict => ({ ok: false, at: place + 1, line: keyOf(spend), problem })
    const problem = lineProblem(line, rules)
    if (problem !== null) return broken(problem)
    const gained = spend.outputs.filter(({ to }) => to === account)
    if (gained.length === 0) return broken('it does not pay to the account')
    if (seen.has(keyOf(spend))) return broken('it is there twice')
    seen.add(keyOf(spend))
    balance = gained.reduce((sum, { amount }) => sum + amount, balance)
  }
  let head = originOf(account)
  for (const [place, line] of sent.entries()) {
    yield
    const { spend } = line.order
    const at = received.length + place + 1
    const broken = (problem: string): Verdict => ({ ok: false, at, line: keyOf(spend), problem })
    const problem = lineProblem(line, rules)
    if (problem !== null) return broken(problem)
    if (spend.account !== account || spend.sequence !== place + 1 || spend.previous !== head)
      return broken('it does not follow the one before it')
    head = spendHash(spend)
    balance -= totalOf(spend)
    if (balance + limitOf(account, rules) < 0n) return broken('more was spent than there was')
  }
  return { ok: true, lines: received.length + sent.length, balance, sequence: sent.length }
}

const limitOf = (account: string, { network }: VerifyRules): MicroMolt => network.limits.get(account) ?? 0n
