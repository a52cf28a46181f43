/** What an account has seen itself of those that it has dealt with: the agreements in its books that are closed. */
import type { Books } from './books.ts'
import { keyOf } from './books.ts'
import { holdAccount } from './agreement.ts'
import type { NodeId } from '../../model/ids.ts'
import { type Deal, dealOf, type Evidence, type Role, type Standing, standingsOf } from './market/reputation.ts'
import type { Network } from './network.ts'

export const ownDeals = (
  { agreements, byKey }: Pick<Books, 'agreements' | 'byKey'>,
  network: Pick<Network, 'feeBps' | 'feeTo'>,
): readonly Deal[] =>
  [...agreements.values()].flatMap((agreement) => {
    const closed = byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))
    const { right } = closed?.line.order ?? {}
    if (closed === undefined || right?.type !== 'closing') return []
    return dealOf(agreement, right.closing, { network, closedAt: closed.at })
  })

/** What follows from them of those whom it has dealt with. `closedOut`: who was proven to contradict itself, whoever has found out. */
export const standingsSeen = (
  books: Pick<Books, 'agreements' | 'byKey'>,
  network: Pick<Network, 'feeBps' | 'feeTo'>,
  { self, closedOut, now }: Pick<Evidence, 'self' | 'closedOut' | 'now'>,
): ((who: NodeId, role: Role) => Standing) => standingsOf({ deals: ownDeals(books, network), self, closedOut, now })
