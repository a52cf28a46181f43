/** What one witness knows of all accounts, and for what it may vote. Pure: whoever calls persists what comes back before it answers. */
import type { MicroMolt } from '../../model/amount.ts'
import type { Refusal } from '../../model/molt-line.ts'
import { isHoldAccount } from './agreement.ts'
import type { Output } from './closing.ts'
import type { Network } from './network.ts'
import type { Hash } from './signing.ts'
import type { Certificate, Order, Rules, Spend } from './spend.ts'
import { finalPhase, finalProblem, isCertified, originOf, spendHash, spendProblem, totalOf } from './spend.ts'

export interface Account {
  readonly balance: MicroMolt
  /** Of the last line that is final. */
  readonly sequence: number
  readonly head: Hash
  /** It takes part in no round before this one, for the line that comes next. */
  readonly round: number
  /** What it has voted for in that round, for the line that comes next. */
  readonly voted: Hash | null
  /** The line that may be final already, as far as it knows: the one of the latest round that a quorum has prepared. */
  readonly lock: Certificate | null
}

export type Ledger = ReadonlyMap<string, Account>

export const emptyLedger: Ledger = new Map()

export type Outcome<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal }

export const accepted = <Value>(value: Value): Outcome<Value> => ({ ok: true, value })
export const refused = (refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } => ({ ok: false, refusal })

export const accountIn = (ledger: Ledger, account: string): Account =>
  ledger.get(account) ?? {
    ...{ balance: 0n, sequence: 0, head: originOf(account) },
    ...{ round: 0, voted: null, lock: null },
  }

/** Why a line cannot come next on its account; null when it can. `isPrepared`: a quorum has found already that it pays out enough. */
export function nextProblem(
  ledger: Ledger,
  order: Order,
  { isPrepared = false, ...rules }: Rules & { readonly isPrepared?: boolean },
): Refusal | null {
  const { spend, right } = order
  const { sequence, head, balance } = accountIn(ledger, spend.account)
  const problem = spendProblem(order, rules)
  if (problem !== null) return problem
  if (spend.sequence <= sequence) return 'behind'
  if (spend.sequence > sequence + 1) return 'ahead'
  if (spend.previous !== head) return 'chain'
  const total = totalOf(spend)
  if (right.type === 'owner') return total <= balance + (rules.network.limits.get(spend.account) ?? 0n) ? null : 'funds'
  // What was agreed is paid out as a whole. Anybody may send more at any moment, which must hold nothing up: it goes back in a line after.
  const { hold } = right.agreement.terms
  const least = isPrepared || spend.sequence > 1 ? 0n : balance < hold ? balance : hold
  return total >= least && total <= balance ? null : 'funds'
}

/** The vote of a witness for the line of an owner: once for each number, and again for the same line. */
export function votePay(ledger: Ledger, order: Order, rules: Rules): Outcome<Ledger> {
  const { account: name } = order.spend
  if (isHoldAccount(name)) return refused('phase')
  const problem = nextProblem(ledger, order, rules)
  if (problem !== null) return refused(problem)
  const account = accountIn(ledger, name)
  const hash = spendHash(order.spend)
  if (account.voted !== null && account.voted !== hash) return refused('voted')
  return accepted(new Map(ledger).set(name, { ...account, voted: hash }))
}

/**
 * A line that is final moves what it says. It counts even where this witness does not see the funds: those who voted did, and what it
 * has not heard of yet will come. Known lines change nothing.
 */
export function settle(ledger: Ledger, certificate: Certificate, rules: Omit<Rules, 'now'>): Outcome<Ledger> {
  const { order, phase } = certificate
  const { account: name, sequence, previous } = order.spend
  const account = accountIn(ledger, name)
  if (phase !== finalPhase(name)) return refused('phase')
  if (sequence > account.sequence + 1) return refused('ahead')
  if (!isCertified(certificate, rules)) return refused('certificate')
  // Witnesses sign what leaves the account, and not by what right.
  const problem = finalProblem(order, rules)
  if (problem !== null) return refused(problem)
  if (sequence <= account.sequence) return accepted(ledger)
  if (previous !== account.head) return refused('chain')
  return accepted(moved(ledger, order.spend))
}

/** What a line that is known to be final, and to be the next one, does to the accounts that it names. */
export function moved(ledger: Ledger, spend: Spend): Ledger {
  const { account: name, sequence, outputs } = spend
  const account = accountIn(ledger, name)
  const next = new Map(ledger).set(name, {
    ...{ balance: account.balance - totalOf(spend), sequence, head: spendHash(spend) },
    ...{ round: 0, voted: null, lock: null },
  })
  for (const output of outputs) credit(next, output)
  return next
}

function credit(accounts: Map<string, Account>, { to, amount }: Output): void {
  const account = accountIn(accounts, to)
  accounts.set(to, { ...account, balance: account.balance + amount })
}

/** All balances together, which is nothing at any time: what issuers owe is what all others have. */
export const sumOf = (ledger: Ledger): MicroMolt => ledger.values().reduce((sum, { balance }) => sum + balance, 0n)

/** What an account may still spend. */
export const spendable = (ledger: Ledger, { limits }: Pick<Network, 'limits'>, account: string): MicroMolt =>
  accountIn(ledger, account).balance + (limits.get(account) ?? 0n)
