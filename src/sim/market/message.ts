/** What the parties of a simulated market say to each other. */
import type { Agreement, Terms } from '../../core/molt/agreement.ts'
import type { SignedVoucher } from '../../core/molt/closing.ts'
import type { ToldEnd } from '../../core/molt/market/purchase.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { DeclineReason, SignedBid } from '../../model/molt-bid.ts'
import type { SignedNote } from '../../model/molt-note.ts'
import type { Want } from '../../model/molt-want.ts'

/** `key` is the hash of the bid that it is about. */
export type Message =
  | { readonly type: 'want'; readonly want: Want }
  | { readonly type: 'bid'; readonly signed: SignedBid; readonly isCounter: boolean }
  | { readonly type: 'decline'; readonly reason: DeclineReason }
  | { readonly type: 'accept'; readonly key: string; readonly terms: Terms; readonly byBuyer: string }
  | { readonly type: 'agreement'; readonly key: string; readonly agreement: Agreement }
  | { readonly type: 'refused' | 'hold' | 'cancel'; readonly key: string }
  /** With the note that waits for an answer. */
  | { readonly type: 'word'; readonly key: string; readonly isRunning: boolean; readonly signed: SignedNote | null }
  | { readonly type: 'note'; readonly key: string; readonly signed: SignedNote }
  | { readonly type: 'voucher'; readonly key: string; readonly signed: SignedVoucher }
  | {
      readonly type: 'ended'
      readonly key: string
      readonly why: ToldEnd
    }
  | { readonly type: 'offer-close'; readonly key: string; readonly paid: MicroMolt; readonly byBuyer: string }
