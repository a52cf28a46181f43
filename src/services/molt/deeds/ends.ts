/** Why leases and purchases of this node have ended, by agreement, as far as it still has their records. */
import type { Hash } from '../../../model/molt-agreement.ts'
import type { BuyingRoom } from '../buying/buying-door.ts'
import type { LendingRoom } from '../lending/lending-door.ts'
import { leaseUnder, purchaseUnder, shown } from '../rooms.ts'

interface Rooms {
  readonly lending: Pick<LendingRoom, 'view'>
  readonly buying: Pick<BuyingRoom, 'view'>
}

export const endsIn =
  ({ lending, buying }: Rooms) =>
  (agreement: Hash): string | null =>
    lentWhy(lending, agreement) ?? purchaseUnder(agreement, buying)?.why ?? null

function lentWhy(room: Rooms['lending'], id: Hash): string | null {
  const before = shown(() => room.view())?.history() ?? []
  return leaseUnder(id, room)?.why ?? before.find(({ agreement }) => agreement === id)?.why ?? null
}
