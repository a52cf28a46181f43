/** What a record goes through before it counts, the cheapest first: a stranger's nonsense costs no signature check. */
import type { NodeId } from '../../model/ids.ts'
import type { RecordName, RecordRefusal } from '../../model/record.ts'
import { isRecordNamespace, longestRecordLife, mostRecordBytes, mostRecordSkew, recordKey } from '../../model/record.ts'
import type { RecordEnvelope } from '../../wire/record.ts'
import { decodeRecord, recordVersion } from '../../wire/record.ts'
import { certifiedUntil, isNamed } from './certificate.ts'
import { hashOfRecord, isSealed } from './envelope.ts'
import type { RuleContext } from './rules/rule.ts'
import { rules } from './rules/table.ts'
import type { Standing } from './selector.ts'

/** A record of which everything was checked but whether a later one is known. */
export interface Judged {
  readonly name: RecordName
  readonly key: string
  readonly bytes: Uint8Array
  readonly record: RecordEnvelope
  readonly standing: Standing
  /** What it says, as its rule has read it. */
  readonly value: unknown
}

export type Judgement =
  { readonly ok: true; readonly judged: Judged } | { readonly ok: false; readonly refusal: RecordRefusal }

export interface JudgeContext extends RuleContext {
  /** Why nothing of this issuer counts any more; null when it does. */
  readonly barred: (issuer: NodeId) => 'revoked' | 'closed-out' | null
  /** What was found out about these very bytes before. */
  readonly verified: (hash: string) => Judged | null
}

/** Everything but the floor, which only whoever keeps it can raise. */
export function judgeRecord(key: string, bytes: Uint8Array, context: JudgeContext): Judgement {
  if (bytes.length > mostRecordBytes) return no('size')
  const record = decodeRecord(bytes)
  if (record === null) return no('encoding')
  const { namespace, id } = record
  const problem = placeProblem(key, record, context) ?? timeProblem(record, context)
  if (problem !== null) return no(problem)
  if (!isRecordNamespace(namespace)) return no('namespace')
  const hash = hashOfRecord(bytes)
  const known = context.verified(hash)
  const barred = barredProblem(record, context)
  if (barred !== null) return no(barred)
  if (known !== null) return { ok: true, judged: known }
  if (!isCertified(record, context)) return no('standing')
  if (!isSealed(record, context.verifier)) return no('signature')
  const ruling = rules[namespace].judge(record, context)
  if (!ruling.ok) return no(ruling.refusal)
  const { sequence, endOfLife } = record
  const standing = { rank: ruling.rank, sequence, endOfLife, hash }
  return { ok: true, judged: { name: { namespace, id }, key, bytes, record, standing, value: ruling.value } }
}

const no = (refusal: RecordRefusal): Judgement => ({ ok: false, refusal })

function placeProblem(key: string, record: RecordEnvelope, { network }: JudgeContext): RecordRefusal | null {
  if (record.version !== recordVersion) return 'version'
  if (record.network !== network.id) return 'network'
  if (!isRecordNamespace(record.namespace)) return 'namespace'
  return recordKey(record) === key ? null : 'key'
}

/** A record that is over is of no use, and one from the future could not be got rid of before its time. */
function timeProblem({ namespace, issuedAt, endOfLife }: RecordEnvelope, { now }: JudgeContext): RecordRefusal | null {
  const longest = isRecordNamespace(namespace) ? rules[namespace].longest : longestRecordLife
  if (issuedAt > now + mostRecordSkew) return 'future'
  if (endOfLife > issuedAt + longest) return 'lifetime'
  return endOfLife <= now ? 'expired' : null
}

/** A key that is revoked may still be said to be revoked, by itself too. */
function barredProblem({ namespace, issuer }: RecordEnvelope, { barred }: JudgeContext): RecordRefusal | null {
  const why = barred(issuer)
  return why === 'revoked' && namespace === 'claw-rvk' ? null : why
}

function isCertified({ issuer, certificate }: RecordEnvelope, context: JudgeContext): boolean {
  return isNamed(issuer, context.network) || certifiedUntil(certificate, issuer, context) !== null
}
