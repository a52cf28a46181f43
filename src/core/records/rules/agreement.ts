/** That an agreement was made, how it was closed, how it was disputed, and what its parties think of each other. */
import { z } from 'zod'
import { sha256 } from '../../../lib/sha256.ts'
import type { NodeId } from '../../../model/ids.ts'
import { Hash, Signature } from '../../../model/molt-agreement.ts'
import { Closing } from '../../../model/molt-line.ts'
import type { RecordEnvelope } from '../../../wire/record.ts'
import { closingText, paidBy } from '../../molt/closing.ts'
import { isSignedBy, type Said } from '../../molt/signing.ts'
import { areSigned, SignedParties } from '../parties.ts'
import { writePayload } from '../payload.ts'
import type { RuleContext } from './rule.ts'
import { emptyTombstone, ruleOf } from './rule.ts'

/** Whether it is this party, or the key that has taken its place. */
const isParty = (issuer: NodeId, party: NodeId, { successorOf }: RuleContext): boolean =>
  issuer === party || issuer === successorOf(party)

const isOneOf = (issuer: NodeId, parties: readonly NodeId[], context: RuleContext): boolean =>
  parties.some((party) => isParty(issuer, party, context))

/** What was signed before a key was replaced stays signed; what comes after it is signed with the new one. */
function hasSigned(party: NodeId, said: Said, signed: Signature, { verifier, successorOf }: RuleContext): boolean {
  if (isSignedBy(verifier, party, said, signed)) return true
  const successor = successorOf(party)
  return successor !== null && isSignedBy(verifier, successor, said, signed)
}

/** Why the parties of it are not who they should be; null when they are. */
function partiesProblem(
  signed: SignedParties,
  { issuer, id }: RecordEnvelope,
  { arbiters, ...context }: RuleContext & { readonly arbiters: boolean },
): 'issuer' | 'key' | 'rule' | null {
  const { parties } = signed
  if (parties.agreement !== id) return 'key'
  const may = [parties.buyer, parties.provider, ...(arbiters ? parties.arbiters : [])]
  if (!isOneOf(issuer, may, context)) return 'issuer'
  return areSigned(signed, context.network.id, context.verifier) ? null : 'rule'
}

/** An agreement never changes, so its record does not either, but for its life. */
export const agreementRule = ruleOf({
  payload: SignedParties,
  problem: (signed, record, context) => partiesProblem(signed, record, { ...context, arbiters: false }),
})

export const ClosePayload = z.strictObject({ parties: SignedParties, closing: Closing })
export type ClosePayload = z.infer<typeof ClosePayload>

/** By both, by the arbiters, by one. */
const weight: Readonly<Record<Closing['how'], bigint>> = { agreed: 2n, judged: 1n, claimed: 0n, 'taken-back': 0n }
const largestHash = 2n ** 256n - 1n

export const closeHash = (closing: Closing): string => sha256(writePayload(closing))

export const closeRule = ruleOf({
  payload: ClosePayload,
  problem: ({ parties, closing }, record, context) =>
    partiesProblem(parties, record, { ...context, arbiters: true }) ?? closingProblem(parties, closing, context),
  // What both have signed, then the higher sum, then the lower hash: so that all keep the same one, however late it comes.
  rank: ({ closing }) => [weight[closing.how], paidBy(closing), largestHash - BigInt(`0x${closeHash(closing)}`)],
})

function closingProblem({ parties }: SignedParties, closing: Closing, context: RuleContext): 'rule' | null {
  const { agreement, buyer, provider, arbiters, endsAt } = parties
  const { network, now } = context
  const value = closingText(agreement, closing.how, paidBy(closing))
  const text: Said = { kind: 'closing', network: network.id, value }
  const by = (who: NodeId, signed: Signature): boolean => hasSigned(who, text, signed, context)
  const isVouched = (closed: Extract<Closing, { how: 'claimed' | 'taken-back' }>): boolean => {
    if (closed.voucher === null) return closed.how === 'taken-back'
    const { voucher, signature: signed } = closed.voucher
    const said = { kind: 'voucher', network: network.id, value: voucher } as const
    return voucher.agreement === agreement && hasSigned(buyer, said, signed, context)
  }
  const isTrue = (): boolean => {
    switch (closing.how) {
      case 'agreed':
        return by(buyer, closing.byBuyer) && by(provider, closing.byProvider)
      case 'claimed':
        return isVouched(closing) && by(provider, closing.byProvider)
      case 'taken-back':
        return now >= endsAt + network.claimTime && isVouched(closing) && by(buyer, closing.byBuyer)
      case 'judged':
        return arbiters.length > 0 && arbiters.every((arbiter, i) => by(arbiter, closing.byArbiters[i] ?? ''))
    }
  }
  return isTrue() ? null : 'rule'
}

export const DisputePayload = z.strictObject({
  parties: SignedParties,
  claim: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('dispute'), evidence: Hash }),
    z.strictObject({ type: z.literal('verdict'), verdict: Hash, byArbiters: z.array(Signature).min(1).max(7) }),
  ]),
})
export type DisputePayload = z.infer<typeof DisputePayload>

/** What each arbiter signs. */
export const verdictText = (agreement: string, verdict: string) => ({ agreement, verdict })

export const disputeRule = ruleOf({
  payload: DisputePayload,
  problem({ parties: signed, claim }, record, context) {
    const { agreement, arbiters } = signed.parties
    const problem = partiesProblem(signed, record, { ...context, arbiters: claim.type === 'verdict' })
    if (problem !== null || claim.type === 'dispute') return problem
    const value = verdictText(agreement, claim.verdict)
    const said: Said = { kind: 'verdict', network: context.network.id, value }
    const isJudged =
      arbiters.length > 0 &&
      arbiters.every((arbiter, i) => hasSigned(arbiter, said, claim.byArbiters[i] ?? '', context))
    return isJudged ? null : 'rule'
  },
  rank: ({ claim }) => [claim.type === 'verdict' ? 1n : 0n],
})

export const RatingPayload = z.strictObject({
  parties: SignedParties,
  /** The hash of the closing that it is about. */
  close: Hash,
  outcome: z.enum(['completed', 'failed', 'paid', 'late', 'disputed']),
  /** From 1, bad, to 5, good. */
  rating: z.int().min(1).max(5),
})
export type RatingPayload = z.infer<typeof RatingPayload>

/** What may be said of a provider, and of a buyer. */
const sayable: readonly (readonly RatingPayload['outcome'][])[] = [
  ['completed', 'failed', 'disputed'],
  ['paid', 'late', 'disputed'],
]

/** Of somebody, by somebody. */
export const ratingId = (subject: NodeId, rater: NodeId): string => `${subject}:${rater}`

/** Whoever rates, and whom, are the two of the agreement. That it was closed so is for the reader to look up: it is under the agreement's id. */
export const ratingRule = ruleOf({
  payload: RatingPayload,
  problem({ parties: signed, outcome }, { issuer, id }, context) {
    const { buyer, provider } = signed.parties
    const pairs = [
      [provider, buyer],
      [buyer, provider],
    ] as const
    const place = pairs.findIndex(([subject]) => id === ratingId(subject, issuer))
    const named = pairs[place]
    if (named === undefined) return 'key'
    if (!isParty(issuer, named[1], context)) return 'issuer'
    if (sayable[place]?.includes(outcome) !== true) return 'rule'
    return areSigned(signed, context.network.id, context.verifier) ? null : 'rule'
  },
  tombstone: { payload: emptyTombstone, problem: (_, { issuer, id }) => (id.endsWith(`:${issuer}`) ? null : 'issuer') },
})
