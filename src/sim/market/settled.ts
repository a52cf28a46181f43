/** What really was computed for each agreement of a simulated market, and what was paid for it. */
import { agreementId } from '../../core/molt/agreement.ts'
import type { Lease } from '../../core/molt/market/lease.ts'
import { costOf, type MicroMolt } from '../../model/amount.ts'
import type { Market } from './market.ts'

export interface Settled {
  readonly lease: Lease
  readonly provider: Market['providers'][number]
  readonly buyer: Market['buyers'][number]
  /** Computed by the host. */
  readonly gpuMillis: bigint
  /** What that costs at the agreed rate, but never more than was set aside. */
  readonly used: MicroMolt
  readonly paid: MicroMolt
}

export function settledOf({ providers, buyers, bank }: Market): readonly Settled[] {
  const buyerOf = new Map(buyers.map((buyer) => [buyer.borrower.id, buyer]))
  return providers.flatMap((provider) =>
    [...provider.lender.leases.values()].flatMap((lease) => {
      const { agreement, key, signed } = lease
      const buyer = buyerOf.get(signed.bid.buyer)
      if (agreement === null || buyer === undefined) return []
      const gpuMillis = provider.lender.host.used(key)
      const cost = costOf(signed.bid.rate, gpuMillis)
      const { hold } = agreement.terms
      const paid = bank.outcomes.get(agreementId(agreement))?.paid ?? 0n
      return { lease, provider, buyer, gpuMillis, used: cost < hold ? cost : hold, paid }
    }),
  )
}
