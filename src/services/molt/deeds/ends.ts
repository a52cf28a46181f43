/** Why leases and purchases of this node have ended, by agreement, as far as it still has their records. */
import { agreementId } from '../../../core/molt/agreement.ts'
import { isClawError } from '../../../model/failure.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { BuyingRoom } from '../buying/buying-door.ts'
import type { LendingRoom } from '../lending/lending-door.ts'

interface Rooms {
  readonly lending: Pick<LendingRoom, 'view'>
  readonly buying: Pick<BuyingRoom, 'view'>
}

export const endsIn =
  ({ lending, buying }: Rooms) =>
  (agreement: Hash): string | null =>
    lentWhy(lending, agreement) ?? boughtWhy(buying, agreement)

function lentWhy(room: Rooms['lending'], id: Hash): string | null {
  const view = shown(() => room.view())
  const live = view?.leases().find(({ lease: { agreement } }) => agreement !== null && agreementId(agreement) === id)
  return live?.lease.why ?? view?.history().find(({ agreement }) => agreement === id)?.why ?? null
}

function boughtWhy(room: Rooms['buying'], id: Hash): string | null {
  const view = shown(() => room.view())
  const bought = view?.service.jobs().flatMap(({ buy }) => buy.purchases) ?? []
  return bought.find(({ agreement }) => agreement !== null && agreementId(agreement) === id)?.why ?? null
}

/** Null for what could not be started. */
function shown<View>(view: () => View): View | null {
  try {
    return view()
  } catch (error) {
    if (!isClawError(error)) throw error
    return null
  }
}
