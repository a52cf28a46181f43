/** A ring that trades with itself: real agreements, real closings, as little paid as can be. */
import { agreementId, type Terms } from '../../core/molt/agreement.ts'
import { closingText } from '../../core/molt/closing.ts'
import { sign } from '../../core/molt/signing.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { hour } from '../../model/time.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Bank } from './bank.ts'

export interface Wash {
  readonly bank: Bank
  readonly signerOf: (id: NodeId) => Signer
  readonly provider: NodeId
  /** So many names of its own buy from it. */
  readonly names: number
  /** In each trade. */
  readonly paid: MicroMolt
  readonly now: Instant
}

/** Leaves with a closed agreement for each name. The provider has to have the credit for one. */
export function washTrade({ bank, signerOf, provider, names, paid, now }: Wash): void {
  for (let index = 0; index < names; index += 1) {
    const buyer = nodeId(`${provider}-name-${index}`)
    bank.pay(provider, buyer, paid, now)
    const terms: Terms = {
      ...{ network: bank.network.id, buyer, provider, nonce: sha256(buyer).slice(0, 32), gpus: 1, model: 'NVIDIA L4' },
      ...{ rate: 1n, hold: paid, credit: 0n, interval: 1_000, reclaim: 0, startsAt: now, endsAt: now + hour },
      ...{ arbiters: [], image: `sha256:${sha256('nothing')}`, isolation: 'gvisor' },
    }
    const by = (who: NodeId, kind: 'agreement' | 'closing', value: unknown): string =>
      sign(signerOf(who), { kind, network: bank.network.id, value })
    const agreement = {
      ...{ terms, byBuyer: by(buyer, 'agreement', terms) },
      byProvider: by(provider, 'agreement', terms),
    }
    bank.hold(agreement, now)
    const text = closingText(agreementId(agreement), 'agreed', paid)
    const closing = {
      how: 'agreed',
      paid,
      byBuyer: by(buyer, 'closing', text),
      byProvider: by(provider, 'closing', text),
    } as const
    bank.close(agreement, closing, now)
  }
}
