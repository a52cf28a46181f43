/** That a key counts no more: because it was replaced by another, or for good. */
import { z } from 'zod'
import type { NodeId } from '../../../model/ids.ts'
import { party, Signature } from '../../../model/molt-agreement.ts'
import type { Signer } from '../../../ports/signer.ts'
import { isValueSignedBy, signValue } from '../signed-value.ts'
import { ruleOf } from './rule.ts'

export const RevocationPayload = z.strictObject({
  /** The key that takes its place; null when none does. */
  successor: party.nullable(),
  /** The key that may do this as well, and that the one in question once said so; null when that one does it itself. */
  recovery: z.strictObject({ key: party, signature: Signature }).nullable(),
})
export type RevocationPayload = z.infer<typeof RevocationPayload>

const saidOf = (network: string, of: NodeId, key: NodeId) =>
  ({ kind: 'recovery', network, value: { of, key } }) as const

/** Made once, and kept with the recovery key, wherever the other key is not. */
export const signRecovery = (signer: Signer, network: string, recovery: NodeId): Signature =>
  signValue(signer, saidOf(network, signer.id, recovery))

export const revocationRule = ruleOf({
  payload: RevocationPayload,
  problem({ successor, recovery }, { issuer, id }, { network, verifier }) {
    if (successor === id) return 'rule'
    if (recovery === null) return issuer === id ? null : 'issuer'
    if (recovery.key !== issuer) return 'issuer'
    const said = saidOf(network.id, id as NodeId, recovery.key)
    return isValueSignedBy(verifier, id as NodeId, said, recovery.signature) ? null : 'rule'
  },
  // A revocation beats every replacement; of two replacements that of the recovery key counts, as whoever stole the other has that one only.
  rank: ({ successor, recovery }) => [successor === null ? 1n : 0n, recovery === null ? 0n : 1n],
})
