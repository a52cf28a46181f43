/**
 * What a buyer and its provider tell each other while there is an agreement: one call after the other, each of which waits for news. The buyer
 * dials, so it needs no address of its own.
 */
import type { WorkWord } from '../../../core/molt/market/job.ts'
import type { Purchase, PurchaseDuty, PurchaseInput } from '../../../core/molt/market/purchase.ts'
import { wordEvery } from '../../../core/molt/market/record.ts'
import { toldEndOf } from '../../../core/molt/market/told-end.ts'
import { agreementId } from '../../../core/molt/agreement.ts'
import { closingText } from '../../../core/molt/closing.ts'
import { isSignedBy } from '../../../core/molt/signing.ts'
import { second } from '../../../model/time.ts'
import type { TalkAnswer, TalkRequest } from '../../../wire/molt-lease.ts'
import { longestTalk, talkLease } from '../../../wire/molt-lease.ts'
import type { DealingDeps } from './dealing.ts'
import { signedBy, signedVoucher } from './dealing.ts'

/** Where a purchase has something to say, and something to hear. */
export const isTalking = ({ state, agreement }: Purchase): boolean =>
  agreement !== null && ['funded', 'running', 'closing'].includes(state)

export interface Told {
  readonly inputs: readonly PurchaseInput[]
  readonly word: WorkWord
  readonly version: number
}

/** One call. Throws as `Rpc.call` does, LEASE_UNKNOWN among it. */
export async function talkOnce(
  deps: DealingDeps,
  {
    purchase,
    duties,
    seen,
  }: { readonly purchase: Purchase; readonly duties: readonly PurchaseDuty[]; readonly seen: number },
  signal: AbortSignal,
): Promise<Told | null> {
  const { agreement, terms } = purchase
  if (agreement === null) return null
  const answer = await deps.rpc.call(
    terms.provider,
    talkLease,
    requestOf(deps, agreementId(agreement), { duties, seen, state: purchase.state }),
    signal,
  )
  if (answer.final !== null) await deps.bank.take(answer.final)
  return { inputs: inputsOf(deps, purchase, answer), word: wordOf(answer), version: answer.version }
}

interface Saying {
  readonly duties: readonly PurchaseDuty[]
  readonly seen: number
  readonly state: Purchase['state']
}

function requestOf(deps: DealingDeps, agreement: string, { duties, seen, state }: Saying): TalkRequest {
  const find = <Type extends PurchaseDuty['type']>(type: Type) =>
    duties.find((duty): duty is Extract<PurchaseDuty, { type: Type }> => duty.type === type)
  const [promise, offer] = [find('send-voucher'), find('offer-close')]
  const paid = offer?.paid
  return {
    ...{ agreement, seen, waitMs: state === 'running' ? wordEvery : Math.min(longestTalk, 10 * second) },
    voucher: promise === undefined ? null : signedVoucher(deps, promise.voucher),
    cancel: find('cancel-work') !== undefined,
    offered:
      paid === undefined ? null : { paid, byBuyer: signedBy(deps, 'closing', closingText(agreement, 'agreed', paid)) },
  }
}

/**
 * First how the work is, as that is what notes are believed by. But of work that was never heard to run the note comes first: it is about the
 * time before this word.
 */
function inputsOf(
  { network, verifier }: DealingDeps,
  { terms, state: before }: Purchase,
  answer: TalkAnswer,
): readonly PurchaseInput[] {
  const { note, isRunning, state } = answer
  const isOver = state === 'closing' || state === 'closed'
  const said = note === null ? null : ({ kind: 'note', network: network.id, value: note.note } as const)
  const isSaid = note !== null && said !== null && isSignedBy(verifier, terms.provider, said, note.signature)
  const word: readonly PurchaseInput[] = isOver ? [] : [{ type: 'heard', isRunning }]
  const told: readonly PurchaseInput[] = isSaid ? [{ type: 'note', signed: note }] : []
  const inputs = before === 'funded' ? [...told, ...word] : [...word, ...told]
  if (isOver) inputs.push({ type: 'ended', why: toldEndOf(answer.why) })
  // Should it think otherwise it does not sign what it is offered, and says so with a note.
  if (isOver && note === null) inputs.push({ type: 'no-more-notes' })
  return inputs
}

const wordOf = ({ work, stopBy }: TalkAnswer): WorkWord => ({ ...work, stopBy })
