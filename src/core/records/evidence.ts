/**
 * What a party of a dispute puts forward, as one file that anybody can check by nothing but what stands in it: the rules of the network, the
 * agreement, what was metered and promised, and the account of what was set aside.
 */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { Agreement, Hash } from '../../model/molt-agreement.ts'
import { Evidence, type Put } from '../../model/molt-dispute.ts'
import type { SignedVoucher } from '../../model/molt-line.ts'
import type { SignedNote } from '../../model/molt-note.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { agreementId, holdAccount, isAgreed } from '../molt/agreement.ts'
import { dueFor } from '../molt/meter.ts'
import { Genesis, type Network } from '../molt/network.ts'
import { hashOf, isSignedBy, sign } from '../molt/signing.ts'
import { closedAt } from '../molt/spend.ts'
import { checkAccount, type Verdict } from '../molt/verify.ts'
import { areSigned, partiesOf, type SignedParties } from './parties.ts'

const evidenceFormat = 'clawbernetes molt evidence 1'

export const EvidenceFile = z.object({ format: z.literal(evidenceFormat), network: Genesis, evidence: Evidence })
export type EvidenceFile = z.infer<typeof EvidenceFile>

/** `genesis` as it is written. */
export const evidenceFileText = (genesis: unknown, evidence: Evidence): string =>
  `{"format":${JSON.stringify(evidenceFormat)},\n"network":${canonicalJson(genesis)},\n"evidence":${canonicalJson(evidence)}}\n`

export const evidenceText = (evidence: Evidence): string => canonicalJson(evidence)
/** Throws for what is none. */
export const evidenceFrom = (text: string): Evidence => Evidence.parse(JSON.parse(text))
export const evidenceHash = (evidence: Evidence): Hash => hashOf('evidence', evidence)

export function signEvidence(said: Omit<Put, 'by'>, signer: Signer): Evidence {
  const put: Put = { ...said, by: signer.id }
  return { ...put, signature: sign(signer, { kind: 'evidence', network: put.agreement.terms.network, value: put }) }
}

export const partiesIn = ({ agreement, parties }: Pick<Evidence, 'agreement' | 'parties'>): SignedParties => ({
  ...{ parties: partiesOf(agreement), ...parties },
})

interface Rules {
  readonly network: Network
  readonly verifier: Verifier
}

/** Every signature, sum and line of it. Pauses after each line of the account. */
export function* checkEvidence(evidence: Evidence, rules: Rules): Generator<undefined, Verdict> {
  const problem = putProblem(evidence, rules)
  if (problem !== null) return { ok: false, at: problem.at, line: problem.what, problem: problem.problem }
  const { agreement, sent, received } = evidence
  return yield* checkAccount(holdAccount(agreement), { sent, received }, rules)
}

interface Problem {
  readonly what: string
  /** Its place among its kind, from 1. */
  readonly at: number
  readonly problem: string
}

function putProblem(evidence: Evidence, { network, verifier }: Rules): Problem | null {
  const { signature, ...put } = evidence
  const { agreement, by, notes, vouchers } = put
  const { terms } = agreement
  const no = (what: string, problem: string, at = 1): Problem => ({ what, at, problem })
  if (terms.network !== network.id) return no('agreement', 'it is of another network')
  if (!isAgreed(agreement, verifier)) return no('agreement', 'it is not signed by both')
  if (!areSigned(partiesIn(evidence), network.id, verifier)) return no('parties', 'they are not signed by both')
  if (by !== terms.buyer && by !== terms.provider) return no('evidence', 'whoever puts it forward is no party')
  if (!isSignedBy(verifier, by, { kind: 'evidence', network: network.id, value: put }, signature))
    return no('evidence', 'it is not signed by who puts it forward')
  const check = { network: network.id, verifier }
  const note = notes.findIndex((one) => !isNote(one, agreement, check))
  if (note !== -1)
    return no('note', 'it is not of this lease, not signed by its provider, or its sum is wrong', note + 1)
  const voucher = vouchers.findIndex((one) => !isVoucher(one, agreement, check))
  return voucher === -1 ? null : no('voucher', 'it is not of this lease, or not signed by its buyer', voucher + 1)
}

interface Check {
  readonly network: string
  readonly verifier: Verifier
}

const isNote = ({ note, signature }: SignedNote, { terms }: Agreement, { network, verifier }: Check): boolean =>
  note.agreement === agreementId({ terms }) &&
  note.due === dueFor(terms, note.gpuMillis) &&
  isSignedBy(verifier, terms.provider, { kind: 'note', network, value: note }, signature)

const isVoucher = (
  { voucher, signature }: SignedVoucher,
  { terms }: Agreement,
  { network, verifier }: Check,
): boolean =>
  voucher.agreement === agreementId({ terms }) &&
  isSignedBy(verifier, terms.buyer, { kind: 'voucher', network, value: voucher }, signature)

export interface EvidenceFacts {
  /** What is set aside, or was before it was closed. */
  readonly held: MicroMolt
  /** The most that the buyer has promised, and that the provider has metered. */
  readonly promised: MicroMolt
  readonly metered: MicroMolt
  /** The provider has signed two notes with one number. */
  readonly isContradicted: boolean
  readonly closed: ReturnType<typeof closedAt>
}

/** What it shows, once it was checked. */
export function factsIn({ agreement, notes, vouchers, sent, received }: Evidence): EvidenceFacts {
  const account = holdAccount(agreement)
  const paidIn = received.flatMap(({ order }) => order.spend.outputs).filter(({ to }) => to === account)
  const most = (amounts: readonly MicroMolt[]): MicroMolt => amounts.reduce((a, b) => (b > a ? b : a), 0n)
  const byNumber = new Map<number, string>()
  let isContradicted = false
  for (const { note } of notes) {
    const hash = hashOf('note', note)
    isContradicted ||= (byNumber.get(note.sequence) ?? hash) !== hash
    byNumber.set(note.sequence, hash)
  }
  return {
    held: paidIn.reduce((sum, { amount }) => sum + amount, 0n),
    promised: most(vouchers.map(({ voucher }) => voucher.due)),
    metered: most(notes.map(({ note }) => note.due)),
    ...{ isContradicted, closed: sent[0] === undefined ? null : closedAt(sent[0].order) },
  }
}
