/** How a provider closes an agreement: at the sum that its buyer has signed, or at what it has promised last. */
import { type Closing, closingText } from '../../../core/molt/closing.ts'
import type { LeaseDuty } from '../../../core/molt/market/lease.ts'
import type { Network } from '../../../core/molt/network.ts'
import { sign } from '../../../core/molt/signing.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Signer } from '../../../ports/signer.ts'

export type ClosingDuty = Extract<LeaseDuty, { readonly type: 'close' | 'claim' }>

export function leaseClosing(
  id: Hash,
  duty: ClosingDuty,
  { signer, network }: { readonly signer: Signer; readonly network: Pick<Network, 'id'> },
): Closing {
  const by = (how: Closing['how'], paid: bigint): string =>
    sign(signer, { kind: 'closing', network: network.id, value: closingText(id, how, paid) })
  if (duty.type === 'claim')
    return { how: 'claimed', voucher: duty.voucher, byProvider: by('claimed', duty.voucher.voucher.due) }
  const { paid, byBuyer } = duty
  return { how: 'agreed', paid, byBuyer, byProvider: by('agreed', paid) }
}
