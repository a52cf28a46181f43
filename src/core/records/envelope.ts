/** Records as their issuers make them, and what their hash and their signature cover. */
import { sha256 } from '../../lib/sha256.ts'
import type { NodeId } from '../../model/ids.ts'
import type { RecordName } from '../../model/record.ts'
import type { Instant } from '../../model/time.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { RecordEnvelope } from '../../wire/record.ts'
import { recordVersion, signedPart } from '../../wire/record.ts'

const tag = 'claw/record/1'

export interface NewRecord extends RecordName {
  readonly network: string
  readonly sequence: bigint
  readonly issuedAt: Instant
  readonly endOfLife: Instant
  readonly kind: RecordEnvelope['kind']
  readonly payload: Uint8Array
  readonly certificate: Uint8Array
}

export function sealRecord(made: NewRecord, signer: Signer): RecordEnvelope {
  const open = { ...made, version: recordVersion, issuer: signer.id, signature: new Uint8Array(0) }
  return { ...open, signature: signer.sign(tag, made.network, signedBytes(open)) }
}

/** What was signed: it stands for the record in a warrant. */
export const signedBytes = (record: RecordEnvelope): Uint8Array =>
  signedPart(record, Buffer.from(sha256(record.payload), 'hex'))

export const isSealed = (record: RecordEnvelope, verifier: Verifier): boolean =>
  isStatementSealed(record.issuer, signedBytes(record), record, verifier)

/** The same of what was signed alone. */
export const isStatementSealed = (
  issuer: NodeId,
  statement: Uint8Array,
  { network, signature }: Pick<RecordEnvelope, 'network' | 'signature'>,
  verifier: Verifier,
): boolean => verifier.verify(issuer, tag, network, statement, signature)

/** Of all bytes of a record: it says which one is meant, and decides between two that are equal otherwise. */
export const hashOfRecord = (bytes: Uint8Array): string => sha256(bytes)
