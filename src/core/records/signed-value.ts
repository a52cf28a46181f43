/** What is signed beside records themselves, and put into them: canonical JSON, under a tag of its own. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { Signature } from '../molt/signing.ts'

/** `standing`: a witness certifies a peer. `parties`: who has made an agreement. `recovery`: which key may revoke another. */
export type ValueKind = 'standing' | 'parties' | 'recovery'

export interface SaidOfRecords {
  readonly kind: ValueKind
  readonly network: string
  readonly value: unknown
}

const tagOf = (kind: ValueKind): string => `claw/record-${kind}/1`
const bytesOf = (value: unknown): Uint8Array => Buffer.from(canonicalJson(value))

export const signValue = (signer: Signer, { kind, network, value }: SaidOfRecords): Signature =>
  Buffer.from(signer.sign(tagOf(kind), network, bytesOf(value))).toString('base64')

export const isValueSignedBy = (
  verifier: Verifier,
  by: NodeId,
  { kind, network, value }: SaidOfRecords,
  signature: Signature,
): boolean => verifier.verify(by, tagOf(kind), network, bytesOf(value), Buffer.from(signature, 'base64'))
