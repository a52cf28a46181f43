/** What is signed in a MOLT network: the canonical JSON of a value, under a tag for its kind and the id of the network. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Hash, Signature } from '../../model/molt-agreement.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'

export type { Hash, Signature }

export type Kind =
  | ('genesis' | 'agreement' | 'spend' | 'closing' | 'vote' | 'statement' | 'note' | 'voucher' | 'verdict')
  | ('want' | 'bid' | 'evidence' | 'ruling')

const tagOf = (kind: Kind): string => `claw/molt-${kind}/1`

export const hashOf = (kind: Kind, value: unknown): Hash => sha256(`${tagOf(kind)}\n${canonicalJson(value)}`)

/** In which network, and what. */
export interface Said {
  readonly kind: Kind
  readonly network: string
  readonly value: unknown
}

export const sign = (signer: Signer, { kind, network, value }: Said): Signature =>
  Buffer.from(signer.sign(tagOf(kind), network, Buffer.from(canonicalJson(value)))).toString('base64')

export const isSignedBy = (
  verifier: Verifier,
  by: NodeId,
  { kind, network, value }: Said,
  signature: Signature,
): boolean =>
  verifier.verify(by, tagOf(kind), network, Buffer.from(canonicalJson(value)), Buffer.from(signature, 'base64'))
