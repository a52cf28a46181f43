/**
 * A dispute, as each of those whom it concerns keeps it: what was put forward, and what each arbiter has decided. When all of them have signed the
 * same sum, that is the verdict, and anybody of them can have the agreement closed at it. Where they do not, the agreement is closed as any other
 * once their window is over: the provider claims what was promised, or the buyer takes back what is left.
 */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import { Agreement, Hash, party, Signature } from '../../model/molt-agreement.ts'
import { type Evidence, longestReason, Ruling } from '../../model/molt-dispute.ts'
import type { Closing } from '../../model/molt-line.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { day } from '../../model/time.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { agreementId } from '../molt/agreement.ts'
import { claimableAt, closingText } from '../molt/closing.ts'
import { Outcome } from '../molt/market/record.ts'
import type { Network } from '../molt/network.ts'
import { hashOf, isSignedBy, sign } from '../molt/signing.ts'
import { evidenceHash } from './evidence.ts'
import { type DisputePayload, verdictText } from './rules/agreement.ts'
import { partiesOf } from './parties.ts'

const instant = z.int().min(0)

export const Dispute = z.strictObject({
  agreement: Agreement,
  parties: z.strictObject({ byBuyer: Signature, byProvider: Signature }),
  /** When this node has opened it, or heard of it. */
  at: instant,
  /** What each side has put forward, in the order in which it came. */
  claims: z
    .array(z.strictObject({ by: party, evidence: Hash, reason: z.string().max(longestReason), at: instant }))
    .min(1)
    .max(2),
  rulings: z.array(Ruling).max(7),
  /** How the agreement was closed in the end, and when this node heard of it. */
  end: z.strictObject({ outcome: Outcome, at: instant }).nullable(),
})
export type Dispute = z.infer<typeof Dispute>

export const disputeText = (dispute: Dispute): string => canonicalJson(dispute)
/** Throws for what is none. */
export const disputeFrom = (text: string): Dispute => Dispute.parse(JSON.parse(text))

export const disputeStates = ['open', 'judged', 'closed'] as const
export type DisputeState = (typeof disputeStates)[number]

/** One that is over is kept for so long. */
export const disputeMemory: Millis = 90 * day

export const newDispute = (evidence: Evidence, at: Instant): Dispute => ({
  ...{
    agreement: evidence.agreement,
    parties: evidence.parties,
    at,
    claims: [claimOf(evidence)],
    rulings: [],
    end: null,
  },
})

/** The first word of each side stands. */
export function withClaim(dispute: Dispute, evidence: Evidence): Dispute {
  const isThere = dispute.claims.some(({ by }) => by === evidence.by)
  return isThere || dispute.end !== null ? dispute : { ...dispute, claims: [...dispute.claims, claimOf(evidence)] }
}

const claimOf = (evidence: Evidence) => ({
  ...{ by: evidence.by, evidence: evidenceHash(evidence), reason: evidence.reason, at: evidence.at },
})

/** Who has to do with it: its parties, and those who are to judge. */
export const involvedIn = ({ terms }: Pick<Agreement, 'terms'>): readonly NodeId[] => [
  ...[terms.buyer, terms.provider, ...terms.arbiters],
]

/** Why it cannot be disputed any more, or never could; null when it can. */
export function disputeProblem(
  { terms }: Pick<Agreement, 'terms'>,
  network: Pick<Network, 'claimTime'>,
  now: Instant,
): string | null {
  if (terms.arbiters.length === 0) return 'no arbiters were agreed on'
  if (terms.disputeWindow === undefined) return 'no time for disputes was agreed on'
  return now >= claimableAt(terms, network) ? 'the time that was agreed on for disputes is over' : null
}

/** What a verdict is called in records. */
const verdictHash = (agreement: Hash, paid: MicroMolt): Hash =>
  hashOf('verdict', closingText(agreement, 'judged', paid))

/** What says which of an arbiter's rulings is its last: the closing is the same text for all arbiters, and has no time. */
const rulingText = (agreement: Hash, { paid, at }: Pick<Ruling, 'paid' | 'at'>) => ({ agreement, paid, at })

export function signRuling(
  { terms }: Pick<Agreement, 'terms'>,
  { paid, at }: Pick<Ruling, 'paid' | 'at'>,
  { signer, network }: { readonly signer: Signer; readonly network: string },
): Ruling {
  const id = agreementId({ terms })
  const verdict = verdictText(id, verdictHash(id, paid))
  return {
    ...{ arbiter: signer.id, paid, at },
    byArbiter: sign(signer, { kind: 'closing', network, value: closingText(id, 'judged', paid) }),
    verdict: sign(signer, { kind: 'verdict', network, value: verdict }),
    signature: sign(signer, { kind: 'ruling', network, value: rulingText(id, { paid, at }) }),
  }
}

/** Whether one of its arbiters has signed that, and there is so much. */
export function isRuling(
  { terms }: Pick<Agreement, 'terms'>,
  { arbiter, paid, at, byArbiter, verdict, signature }: Ruling,
  verifier: Verifier,
): boolean {
  const id = agreementId({ terms })
  const network = terms.network
  const closing = { kind: 'closing', network, value: closingText(id, 'judged', paid) } as const
  const named = { kind: 'verdict', network, value: verdictText(id, verdictHash(id, paid)) } as const
  const dated = { kind: 'ruling', network, value: rulingText(id, { paid, at }) } as const
  return (
    terms.arbiters.includes(arbiter) &&
    paid <= terms.hold &&
    isSignedBy(verifier, arbiter, dated, signature) &&
    isSignedBy(verifier, arbiter, closing, byArbiter) &&
    isSignedBy(verifier, arbiter, named, verdict)
  )
}

export const rulingOf = ({ rulings }: Pick<Dispute, 'rulings'>, who: NodeId): Ruling | null =>
  rulings.find(({ arbiter }) => arbiter === who) ?? null

/** Whether it was signed after what is known of its arbiter. Of two at one moment the higher sum counts, so that all keep the same, however they hear of them. */
function isLater(dispute: Pick<Dispute, 'rulings'>, { arbiter, paid, at }: Ruling): boolean {
  const known = rulingOf(dispute, arbiter)
  if (known === null) return true
  return at === known.at ? paid > known.paid : at > known.at
}

/** Whether what others tell is to be taken. What this node has decided itself only it knows: from others it learns that only when it has lost it. */
export const isNews = (dispute: Pick<Dispute, 'rulings'>, ruling: Ruling, self: NodeId): boolean =>
  isLater(dispute, ruling) && (ruling.arbiter !== self || rulingOf(dispute, self) === null)

/** What each arbiter has signed last counts until all are of one mind, whenever it is heard. A ruling that was checked: see isRuling. */
export function ruled(dispute: Dispute, ruling: Ruling): Dispute {
  if (verdictIn(dispute) !== null || dispute.end !== null || !isLater(dispute, ruling)) return dispute
  const others = dispute.rulings.filter(({ arbiter }) => arbiter !== ruling.arbiter)
  return { ...dispute, rulings: [...others, ruling] }
}

interface DisputeVerdict {
  readonly paid: MicroMolt
  readonly closing: Extract<Closing, { how: 'judged' }>
  /** As it is told in a record. */
  readonly claim: Extract<DisputePayload['claim'], { type: 'verdict' }>
}

/** What all arbiters have signed; null while they have not. */
export function verdictIn({ agreement, rulings }: Pick<Dispute, 'agreement' | 'rulings'>): DisputeVerdict | null {
  const { arbiters } = agreement.terms
  const inOrder = arbiters.flatMap((one) => rulings.find(({ arbiter }) => arbiter === one) ?? [])
  const [first] = inOrder
  if (first === undefined || inOrder.length < arbiters.length) return null
  const { paid } = first
  if (inOrder.some((one) => one.paid !== paid)) return null
  const byArbiters = inOrder.map(({ byArbiter }) => byArbiter)
  const verdict = verdictHash(agreementId(agreement), paid)
  return {
    ...{ paid, closing: { how: 'judged', paid, byArbiters } },
    claim: { type: 'verdict', verdict, byArbiters: inOrder.map((one) => one.verdict) },
  }
}

export const stateOf = (dispute: Dispute): DisputeState =>
  dispute.end !== null ? 'closed' : verdictIn(dispute) === null ? 'open' : 'judged'

/** What of it is told in a record: the verdict, or else what was put forward first. */
export function payloadOf({ agreement, parties, claims, rulings }: Dispute): DisputePayload {
  const verdict = verdictIn({ agreement, rulings })
  const evidence = claims[0]?.evidence ?? ''
  return {
    parties: { parties: partiesOf(agreement), ...parties },
    claim: verdict?.claim ?? { type: 'dispute', evidence },
  }
}
