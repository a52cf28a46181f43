/** What the deeds and the books of this node say together: how an agreement was closed, and whom it blames for that. */
import { holdAccount } from '../../../core/molt/agreement.ts'
import type { Books } from '../../../core/molt/books.ts'
import { keyOf } from '../../../core/molt/books.ts'
import type { Role } from '../../../core/molt/market/reputation.ts'
import { blamesOf, type Deed } from '../../../core/records/deed.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Closing } from '../../../model/molt-line.ts'
import type { DeedBook } from './deed-book.ts'

/** The closing that its account has, as the witnesses have signed it; null while it is open. */
export function closingIn({ byKey }: Pick<Books, 'byKey'>, { agreement }: Pick<Deed, 'agreement'>): Closing | null {
  const { right } = byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))?.line.order ?? {}
  return right?.type === 'closing' ? right.closing : null
}

export function blamesIn(
  deeds: Pick<DeedBook, 'get'>,
  books: Pick<Books, 'byKey'>,
  self: NodeId,
  agreement: Hash,
): readonly Role[] {
  const deed = deeds.get(agreement)
  return deed === null ? [] : blamesBy(deed, books, self)
}

/** Whom its party blames. */
export function blamesBy(deed: Deed, books: Pick<Books, 'byKey'>, self: NodeId): readonly Role[] {
  const closing = closingIn(books, deed)
  return closing === null ? [] : blamesOf(self, deed, closing)
}
