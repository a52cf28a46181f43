/** What a buyer does for one purchase: each duty once, with what came of it as the next input. Doing one again does no harm. */
import type { Purchase, PurchaseDuty, PurchaseInput, ToldEnd } from '../../../core/molt/market/purchase.ts'
import { agreementId, holdAccount, isAgreed } from '../../../core/molt/agreement.ts'
import { keyOf } from '../../../core/molt/books.ts'
import { closingText } from '../../../core/molt/closing.ts'
import type { Network } from '../../../core/molt/network.ts'
import { closedAt } from '../../../core/molt/spend.ts'
import { type Kind, sign } from '../../../core/molt/signing.ts'
import { areSigned, partiesOf, signParties } from '../../../core/records/parties.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { Certificate, SignedVoucher, Voucher } from '../../../model/molt-line.ts'
import type { Work } from '../../../model/molt-work.ts'
import type { Rpc } from '../../../ports/rpc.ts'
import type { Signer, Verifier } from '../../../ports/signer.ts'
import { agreeTerms, type LeaseRefusal, startWork } from '../../../wire/molt-lease.ts'
import type { Bank } from '../bank.ts'
import type { DeedBook } from '../deeds/deed-book.ts'
import { type Supplies, supply } from './supplying.ts'
import type { SpendingKeeper } from './spending-keeper.ts'

export interface DealingDeps {
  readonly network: Network
  readonly signer: Signer
  readonly verifier: Verifier
  readonly rpc: Pick<Rpc, 'call' | 'converse'>
  readonly bank: Pick<Bank, 'books' | 'openHold' | 'close' | 'read' | 'take' | 'know' | 'isUnderWay' | 'giveUp'>
  readonly deeds: Pick<DeedBook, 'keep'>
  readonly spending: SpendingKeeper
}

/** Of which job it is, and what that is to run; null when that is gone. */
export interface Errand {
  readonly job: string
  readonly work: () => Promise<Work | null>
  readonly supplies: Supplies
}

export const signedBy = ({ signer, network }: Pick<DealingDeps, 'signer' | 'network'>, kind: Kind, value: unknown) =>
  sign(signer, { kind, network: network.id, value })

export const signedVoucher = (deps: Pick<DealingDeps, 'signer' | 'network'>, voucher: Voucher): SignedVoucher => ({
  voucher,
  signature: signedBy(deps, 'voucher', voucher),
})

/** Null when nothing came of it, and it is to be done again. Throws ClawErrors for what may be otherwise later, and the signal's reason. */
export async function carryOutDuty(
  deps: DealingDeps,
  errand: Errand,
  { purchase, duty }: { readonly purchase: Purchase; readonly duty: PurchaseDuty },
  signal: AbortSignal,
): Promise<PurchaseInput | null> {
  switch (duty.type) {
    case 'reserve': {
      const refusal = await deps.spending.reserve({ job: errand.job, key: purchase.key, amount: duty.amount })
      return { type: refusal === null ? 'reserved' : 'over-limit' }
    }
    case 'ask':
      return ask(deps, purchase, signal)
    case 'pay-hold':
      return payHold(deps, purchase, signal)
    case 'show-hold':
      return showHold(deps, errand, purchase, signal)
    case 'take-back':
      return takeBack(deps, purchase, duty.voucher, signal)
    // All of this goes with what the buyer and the provider tell each other: see talking.ts.
    case 'listen':
    case 'cancel-work':
    case 'send-voucher':
    case 'offer-close':
      return null
  }
}

async function ask(deps: DealingDeps, { key, terms }: Purchase, signal: AbortSignal): Promise<PurchaseInput | null> {
  const { rpc, signer, network, verifier, deeds } = deps
  const byBuyer = signedBy(deps, 'agreement', terms)
  const parties = partiesOf({ terms })
  const partiesByBuyer = signParties(signer, network.id, parties)
  const answer = await rpc.call(terms.provider, agreeTerms, { key, terms, byBuyer, partiesByBuyer }, signal)
  if (answer.type === 'refused') return { type: 'refused', refusal: answer.reason }
  const { agreement, partiesByProvider } = answer
  const signed = { parties, byBuyer: partiesByBuyer, byProvider: partiesByProvider }
  const isOurs = agreementId(agreement) === agreementId({ terms }) && isAgreed(agreement, verifier)
  if (!isOurs || !areSigned(signed, network.id, verifier)) return { type: 'refused' }
  await deeds.keep(agreement, signed)
  return { type: 'countersigned', agreement }
}

async function payHold(
  { bank }: DealingDeps,
  { agreement }: Purchase,
  signal: AbortSignal,
): Promise<PurchaseInput | null> {
  if (agreement === null) return null
  try {
    await bank.openHold(agreement, signal)
    return { type: 'paid' }
  } catch (error) {
    // Nothing was signed for it then, or it can never be. Whatever else went wrong, the line may still come to be.
    if (isClawError(error) && unpaid.includes(error.code)) return { type: 'unpayable' }
    throw error
  }
}

const unpaid: readonly string[] = ['INSUFFICIENT_FUNDS', 'PAYMENT_INVALID', 'PAYMENT_GIVEN_UP']

/** The line that sets aside what was agreed; null while there is none. */
const holdOf = ({ bank }: Pick<DealingDeps, 'bank'>, agreement: string): Certificate | null =>
  bank.books.byPurpose.get(`hold ${agreement}`)?.line ?? null

async function showHold(
  deps: DealingDeps,
  { work: read, supplies }: Errand,
  purchase: Purchase,
  signal: AbortSignal,
): Promise<PurchaseInput | null> {
  const { agreement, terms } = purchase
  if (agreement === null) return null
  const [id, work] = [agreementId(agreement), await read()]
  const hold = holdOf(deps, id)
  if (work === null) return { type: 'cancel' }
  if (hold === null) return null
  const answer = await deps.rpc.call(terms.provider, startWork, { agreement: id, hold, work }, signal)
  // The line may not have come to where the provider looks; anything else will not be otherwise later.
  if (answer.type === 'refused') return answer.reason === 'hold' ? null : { type: 'ended', why: endBy(answer.reason) }
  if ((terms.data?.inputs ?? 0) + (terms.data?.image ?? 0) === 0) return null
  try {
    await supply(deps.rpc, purchase, supplies, signal)
  } catch (error) {
    // What it will not have now it will not have later.
    if (ClawError.is(error, 'MOLT_DATA_BAD') || ClawError.is(error, 'TOO_LARGE'))
      return { type: 'ended', why: 'let-go' }
    if (ClawError.is(error, 'STATE_CORRUPT') || ClawError.is(error, 'IMAGE_NOT_FOUND')) return { type: 'cancel' }
    throw error
  }
  return null
}

/** A provider that does not know its lease any more, or has not cleaned up, has failed; anything else can be the buyer's doing. */
const endBy = (reason: LeaseRefusal): ToldEnd => (reason === 'unknown' || reason === 'unclean' ? 'stopped' : 'let-go')

async function takeBack(
  deps: DealingDeps,
  { agreement }: Purchase,
  voucher: Voucher | null,
  signal: AbortSignal,
): Promise<PurchaseInput | null> {
  if (agreement === null) return null
  const text = closingText(agreementId(agreement), 'taken-back', voucher?.due ?? 0n)
  const promised = voucher === null ? null : signedVoucher(deps, voucher)
  const closing = { how: 'taken-back', voucher: promised, byBuyer: signedBy(deps, 'closing', text) } as const
  const line = await deps.bank.close(agreement, closing, { signal })
  return closedBy(line)
}

/** Whether it is closed already, by whomever; or that it never will be, as nothing was set aside and nothing is on its way. */
export function foundClosed(deps: Pick<DealingDeps, 'bank'>, { agreement, state }: Purchase): PurchaseInput | null {
  if (agreement === null) return null
  const { byKey } = deps.bank.books
  const known = byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))
  if (known !== undefined) return closedBy(known.line)
  const id = agreementId(agreement)
  if (state !== 'closing' || holdOf(deps, id) !== null) return null
  // What waits for its turn is not paid any more; what was signed may still come to be.
  const isOff = !deps.bank.isUnderWay(`hold ${id}`) || deps.bank.giveUp(`hold ${id}`)
  return isOff && deps.bank.books.proposed?.purpose !== `hold ${id}` ? { type: 'unpayable' } : null
}

/** Asks the witnesses, for when nobody says anything. */
export async function lookForClosing(
  { bank }: Pick<DealingDeps, 'bank'>,
  { agreement }: Purchase,
  signal: AbortSignal,
): Promise<void> {
  if (agreement === null) return
  await bank.know(agreement)
  const { last } = await bank.read(holdAccount(agreement), signal)
  if (last !== null) await bank.take(last)
}

function closedBy({ order }: Certificate): PurchaseInput | null {
  const outcome = closedAt(order)
  return outcome === null ? null : { type: 'closed', outcome }
}
