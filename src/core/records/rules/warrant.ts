/** That somebody has signed two things that contradict each other. Both are there, so nobody needs to be believed. */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { sha256 } from '../../../lib/sha256.ts'
import { accountName, mostOutputs } from '../../../model/molt-line.ts'
import { Amount } from '../../../model/amount.ts'
import type { NodeId } from '../../../model/ids.ts'
import { Hash, party, Signature } from '../../../model/molt-agreement.ts'
import type { Verifier } from '../../../ports/signer.ts'
import type { RecordEnvelope } from '../../../wire/record.ts'
import { decodeRecord } from '../../../wire/record.ts'
import { isSignedBy } from '../../molt/signing.ts'
import { spendHash } from '../../molt/spend.ts'
import { isStatementSealed, signedBytes } from '../envelope.ts'
import { ruleOf } from './rule.ts'

const Statement = z.strictObject({
  /** What was signed of a record, base64. */
  statement: z.base64().max(1_600),
  signature: Signature,
})

const Line = z.strictObject({
  spend: z.strictObject({
    account: accountName,
    sequence: z.int().min(1),
    previous: Hash,
    outputs: z.array(z.strictObject({ to: accountName, amount: Amount })).max(mostOutputs),
  }),
  signature: Signature,
})

export const WarrantPayload = z.strictObject({
  offender: party,
  proof: z.discriminatedUnion('of', [
    z.strictObject({ of: z.literal('records'), first: Statement, second: Statement }),
    z.strictObject({ of: z.literal('lines'), first: Line, second: Line }),
  ]),
})
export type WarrantPayload = z.infer<typeof WarrantPayload>
type Line = z.infer<typeof Line>

export const warrantId = (payload: WarrantPayload): string => sha256(canonicalJson(payload))

/** Of two sealed records of one issuer under one key, with the same number. The lesser comes first, so that there is one proof of it. */
export function recordWarrant(one: RecordEnvelope, other: RecordEnvelope): WarrantPayload {
  const [first, second] = [one, other]
    .map((record) => ({
      statement: Buffer.from(signedBytes(record)).toString('base64'),
      signature: Buffer.from(record.signature).toString('base64'),
    }))
    .toSorted((a, b) => (a.statement < b.statement ? -1 : 1)) as [z.infer<typeof Statement>, z.infer<typeof Statement>]
  return { offender: one.issuer, proof: { of: 'records', first, second } }
}

/** The same of two lines of an account that its owner has signed. */
export function lineWarrant(one: Line, other: Line): WarrantPayload {
  const [first, second] = spendHash(one.spend) < spendHash(other.spend) ? [one, other] : [other, one]
  return { offender: one.spend.account as NodeId, proof: { of: 'lines', first, second } }
}

/** Whether it proves what it says. */
export function isProof({ offender, proof }: WarrantPayload, network: string, verifier: Verifier): boolean {
  if (proof.of === 'lines') {
    const { first, second } = proof
    const isOf = (line: Line): boolean =>
      line.spend.account === offender &&
      isSignedBy(verifier, offender, { kind: 'spend', network, value: line.spend }, line.signature)
    const isTwice = first.spend.sequence === second.spend.sequence
    return isTwice && spendHash(first.spend) < spendHash(second.spend) && isOf(first) && isOf(second)
  }
  if (proof.first.statement >= proof.second.statement) return false
  const [one, other] = [proof.first, proof.second].map((each) => statementIn(each, network, verifier))
  if (one === null || one === undefined || other === null || other === undefined) return false
  const isTwice = one.sequence === other.sequence && one.namespace === other.namespace && one.id === other.id
  return isTwice && one.issuer === offender && other.issuer === offender
}

function statementIn(
  { statement, signature: signed }: z.infer<typeof Statement>,
  network: string,
  verifier: Verifier,
): RecordEnvelope | null {
  const bytes = Buffer.from(statement, 'base64')
  // One text for the same bytes, or one statement could be shown as two.
  if (bytes.toString('base64') !== statement) return null
  const record = decodeRecord(bytes)
  if (record === null || record.network !== network || record.signature.length > 0) return null
  const seal = { network, signature: Buffer.from(signed, 'base64') }
  return isStatementSealed(record.issuer, bytes, seal, verifier) ? record : null
}

export const warrantRule = ruleOf({
  payload: WarrantPayload,
  problem(payload, { id }, { network, verifier }) {
    if (warrantId(payload) !== id) return 'key'
    return isProof(payload, network.id, verifier) ? null : 'rule'
  },
})
