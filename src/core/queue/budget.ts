/** What namespaces may still take while a plan is made. */
import { noSpending, overrun, plus, priceOf } from '../state/namespaces.ts'
import type { Spending } from '../state/types.ts'
import type { Ask } from './ask.ts'
import type { Accounts } from './share.ts'

export type Allowance =
  | { readonly kind: 'within' }
  /** More than its quota, which it may if nobody within theirs wants it. */
  | { readonly kind: 'borrowed' }
  | { readonly kind: 'over'; readonly reason: string }

export class Budget {
  readonly #accounts: Accounts
  readonly #spent: Map<string, Spending>

  constructor(accounts: Accounts) {
    this.#accounts = accounts
    this.#spent = new Map(Array.from(accounts, ([name, { spending }]) => [name, spending]))
  }

  allows({ lead, parts }: Ask): Allowance {
    const { namespace } = lead.spec
    const account = this.#accounts.get(namespace)
    if (account === undefined) return within
    const reason = overrun(account.quota, this.#spentBy(namespace), priceOf(lead.spec, parts.length))
    if (reason === null) return within
    return account.borrow
      ? { kind: 'borrowed' }
      : { kind: 'over', reason: `has to wait for its namespace ${namespace}: ${reason}` }
  }

  placed({ lead, parts }: Ask): void {
    const { namespace } = lead.spec
    this.#spent.set(namespace, plus(this.#spentBy(namespace), priceOf(lead.spec, parts.length)))
  }

  #spentBy(namespace: string): Spending {
    return this.#spent.get(namespace) ?? noSpending
  }
}

const within: Allowance = { kind: 'within' }
