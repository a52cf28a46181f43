/** What a party has of the other about one agreement, and how it has its own side wait for a verdict. */
import { sign } from '../../../core/molt/signing.ts'
import type { Lease } from '../../../core/molt/market/lease.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Evidence } from '../../../model/molt-dispute.ts'
import type { Signer } from '../../../ports/signer.ts'
import type { BuyingRoom } from '../buying/buying-door.ts'
import type { LendingRoom } from '../lending/lending-door.ts'
import { leaseUnder, purchaseUnder } from '../rooms.ts'

export type Words = Pick<Evidence, 'notes' | 'vouchers'>

export interface Trades {
  /** What was signed last; null for an agreement that is not this node's, or is forgotten. */
  said(agreement: Hash): Words | null
  /** From now on nothing is closed by this side until its arbiters have had their time. Throws what the disk throws. */
  dispute(agreement: Hash): Promise<void>
}

interface Rooms {
  readonly lending: Pick<LendingRoom, 'view'>
  readonly buying: Pick<BuyingRoom, 'view'>
  readonly signer: Signer
}

export function tradesIn({ lending, buying, signer }: Rooms): Trades {
  const lent = (id: Hash): Lease | null => leaseUnder(id, lending)
  return {
    said(id) {
      const [lease, purchase] = [lent(id), purchaseUnder(id, buying)]
      if (lease !== null) return lentWords(lease, signer)
      return purchase === null ? null : boughtWords(purchase, signer)
    },
    async dispute(id) {
      if (lent(id) !== null) await lending.view().dispute(id)
      else await buying.view().service.dispute(id)
    },
  }
}

function lentWords({ agreement, meter: { last }, voucher }: Lease, signer: Signer): Words {
  const network = agreement?.terms.network ?? ''
  const signed = last === null ? [] : [{ note: last, signature: sign(signer, { kind: 'note', network, value: last }) }]
  return { notes: signed, vouchers: voucher === null ? [] : [voucher] }
}

function boughtWords({ terms, promise, notes }: Purchase, signer: Signer): Words {
  const said = { kind: 'voucher', network: terms.network, value: promise } as const
  return {
    notes: [...notes],
    vouchers: promise === null ? [] : [{ voucher: promise, signature: sign(signer, said) }],
  }
}
