/** How an agreement is closed: what shows that so much is due, and who gets what then. */
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Closing, Output, SignedVoucher, Voucher } from '../../model/molt-line.ts'
import type { Instant } from '../../model/time.ts'
import type { Verifier } from '../../ports/signer.ts'
import type { Agreement } from './agreement.ts'
import { agreementId, isAgreed } from './agreement.ts'
import type { Network } from './network.ts'
import { feeOf } from './network.ts'
import { type Hash, isSignedBy, type Signature } from './signing.ts'

export type { Closing, Output, SignedVoucher, Voucher }

/** What a party or an arbiter signs when it closes an agreement at this sum. */
export const closingText = (agreement: Hash, how: Closing['how'], paid: MicroMolt) => ({ agreement, how, paid })

/** What the provider is paid, before the fee. */
export function paidBy(closing: Closing): MicroMolt {
  switch (closing.how) {
    case 'agreed':
    case 'judged':
      return closing.paid
    case 'claimed':
      return closing.voucher.voucher.due
    case 'taken-back':
      return closing.voucher?.voucher.due ?? 0n
  }
}

/** To the provider, to whoever gets the fee, and back to the buyer; nothing that is nothing. */
export function payouts(
  { terms }: Pick<Agreement, 'terms'>,
  network: Pick<Network, 'feeBps' | 'feeTo'>,
  { held, paid }: { readonly held: MicroMolt; readonly paid: MicroMolt },
): readonly Output[] {
  const fee = network.feeTo === null ? 0n : feeOf(network, paid)
  const all = [
    { to: terms.provider, amount: paid - fee },
    { to: network.feeTo ?? terms.provider, amount: fee },
    { to: terms.buyer, amount: held - paid },
  ]
  return all.filter(({ amount }) => amount > 0n)
}

/** Before then its provider cannot claim: that time is its arbiters'. There is always half of the time for claims left. */
export const claimableAt = (
  { disputeWindow, endsAt }: Pick<Agreement['terms'], 'disputeWindow' | 'endsAt'>,
  { claimTime }: Pick<Network, 'claimTime'>,
): Instant => (disputeWindow === undefined ? 0 : endsAt + Math.min(disputeWindow, Math.floor(claimTime / 2)))

/** Why it may not be closed so, or null when it may. */
export function closingProblem(
  agreement: Agreement,
  closing: Closing,
  { network, verifier, now }: { readonly network: Network; readonly verifier: Verifier; readonly now: Instant },
): 'agreement' | 'signature' | 'too-early' | 'too-much' | null {
  const { terms } = agreement
  if (terms.network !== network.id || !isAgreed(agreement, verifier)) return 'agreement'
  const id = agreementId(agreement)
  const paid = paidBy(closing)
  if (paid < 0n || paid > terms.hold) return 'too-much'
  const text = { kind: 'closing', network: network.id, value: closingText(id, closing.how, paid) } as const
  const by = (who: NodeId, signature: Signature): boolean => isSignedBy(verifier, who, text, signature)
  const isVouched = ({ voucher, signature }: SignedVoucher): boolean =>
    voucher.agreement === id &&
    isSignedBy(verifier, terms.buyer, { kind: 'voucher', network: network.id, value: voucher }, signature)
  switch (closing.how) {
    case 'agreed':
      return by(terms.buyer, closing.byBuyer) && by(terms.provider, closing.byProvider) ? null : 'signature'
    case 'claimed':
      if (now < claimableAt(terms, network)) return 'too-early'
      return isVouched(closing.voucher) && by(terms.provider, closing.byProvider) ? null : 'signature'
    case 'taken-back': {
      if (now < terms.endsAt + network.claimTime) return 'too-early'
      const isTrue = closing.voucher === null || isVouched(closing.voucher)
      return isTrue && by(terms.buyer, closing.byBuyer) ? null : 'signature'
    }
    case 'judged': {
      const signed = terms.arbiters.every((arbiter, i) => by(arbiter, closing.byArbiters[i] ?? ''))
      return terms.arbiters.length > 0 && signed ? null : 'signature'
    }
  }
}
