/** What this node lends and buys under an agreement, as far as it has the records of it. */
import { agreementId } from '../../core/molt/agreement.ts'
import type { Lease } from '../../core/molt/market/lease.ts'
import type { Purchase } from '../../core/molt/market/purchase.ts'
import { isClawError } from '../../model/failure.ts'
import type { Hash } from '../../model/molt-agreement.ts'
import type { BuyingRoom } from './buying/buying-door.ts'
import type { LendingRoom } from './lending/lending-door.ts'

/** Also one that was closed not long ago. */
export const leaseUnder = (id: Hash, room: Pick<LendingRoom, 'view'>): Lease | null =>
  shown(() => room.view())
    ?.leases()
    .map(({ lease }) => lease)
    .find(({ agreement }) => agreement !== null && agreementId(agreement) === id) ?? null

export const purchaseUnder = (id: Hash, room: Pick<BuyingRoom, 'view'>): Purchase | null =>
  shown(() => room.view())
    ?.service.jobs()
    .flatMap(({ buy }) => buy.purchases)
    .find(({ agreement }) => agreement !== null && agreementId(agreement) === id) ?? null

/** Null for what could not be started. */
export function shown<View>(view: () => View): View | null {
  try {
    return view()
  } catch (error) {
    if (!isClawError(error)) throw error
    return null
  }
}
