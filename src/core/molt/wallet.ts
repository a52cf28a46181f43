/** What an owner asks of the own books: what is set aside, for what, and what is on its way. */
import type { MicroMolt } from '../../model/amount.ts'
import type { Hash } from '../../model/molt-agreement.ts'
import { holdAccount } from './agreement.ts'
import { type Books, keyOf } from './books.ts'

export interface SetAside {
  readonly agreement: Hash
  readonly buyer: string
  readonly provider: string
  readonly amount: MicroMolt
  /** Its closing is on its way. */
  readonly isClosing: boolean
}

/** Of each agreement in the books that holds something and is not closed yet, the own ones and those of buyers. */
export function setAsideIn(books: Books): readonly SetAside[] {
  const held = new Map<string, MicroMolt>()
  for (const { line } of books.lines)
    for (const { to, amount } of line.order.spend.outputs) held.set(to, (held.get(to) ?? 0n) + amount)
  return Array.from(books.agreements, ([id, agreement]) => ({ id, agreement, account: holdAccount(agreement) }))
    .filter(({ account }) => held.has(account) && !books.byKey.has(keyOf({ account, sequence: 1 })))
    .map(({ id, agreement, account }) => ({
      ...{ agreement: id, buyer: agreement.terms.buyer, provider: agreement.terms.provider },
      ...{ amount: held.get(account) ?? 0n, isClosing: books.closings.has(id) },
    }))
}

/** What transfers are called in the books: nobody else names lines so, whatever key a user thinks of. */
export const transferPurpose = (key: string): string => `transfer ${key}`
