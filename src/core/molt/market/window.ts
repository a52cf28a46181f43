/** The time in which arbiters may judge: a side that disputes an agreement signs no sum meanwhile. */
import type { Instant } from '../../../model/time.ts'
import type { Agreement, Terms } from '../agreement.ts'

/** When it is over; 0 where no arbiters were agreed on. */
export const windowEnd = ({ disputeWindow, endsAt }: Pick<Terms, 'disputeWindow' | 'endsAt'>): Instant =>
  disputeWindow === undefined ? 0 : endsAt + disputeWindow

interface Side {
  readonly agreement: Agreement | null
  readonly disputed: boolean
}

/** Whether it waits for its arbiters now. */
export const isAtIssue = ({ agreement, disputed }: Side, at: Instant): boolean =>
  disputed && agreement !== null && at < windowEnd(agreement.terms)

export const canBeDisputed = ({ agreement }: Pick<Side, 'agreement'>): boolean =>
  agreement?.terms.disputeWindow !== undefined
