/** What an account has seen itself of those that it has dealt with: the agreements in its books that are closed. */
import type { Books } from './books.ts'
import { keyOf } from './books.ts'
import { holdAccount } from './agreement.ts'
import type { Hash } from '../../model/molt-agreement.ts'
import { type Deal, dealOf, type Role } from './market/reputation.ts'
import type { Network } from './network.ts'
import { closedAt } from './spend.ts'

/** `blames`: whom the owner of the books blames of the two, by its own experience. */
export const ownDeals = (
  { agreements, byKey }: Pick<Books, 'agreements' | 'byKey'>,
  network: Pick<Network, 'feeBps' | 'feeTo'>,
  blames: (agreement: Hash) => readonly Role[] = () => [],
): readonly Deal[] =>
  Array.from(agreements, ([id, agreement]) => {
    const closed = byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))
    const outcome = closed === undefined ? null : closedAt(closed.line.order)
    if (closed === undefined || outcome === null) return []
    return [{ ...dealOf(agreement, outcome, { network, closedAt: closed.at }), blamed: blames(id) }]
  }).flat()
