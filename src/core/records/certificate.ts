/**
 * Who belongs to a network as far as records go. Anybody can make keys, so a stranger needs a witness to certify its key, which a witness
 * does so often and no more; those that the genesis names need nobody.
 */
import { z } from 'zod'
import type { NodeId } from '../../model/ids.ts'
import { party, Signature } from '../../model/molt-agreement.ts'
import { day, type Instant, type Millis } from '../../model/time.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { Network } from '../molt/network.ts'
import { readPayload, writePayload } from './payload.ts'
import { isValueSignedBy, signValue } from './signed-value.ts'

/** A certificate counts for so long. Whoever has one asks for the next after half of it. */
export const certificateLife: Millis = 30 * day

const Certificate = z.strictObject({
  peer: party,
  notAfter: z.int().min(0),
  witness: party,
  signature: Signature,
})

const saidOf = (network: string, peer: NodeId, notAfter: Instant) =>
  ({ kind: 'standing', network, value: { peer, notAfter } }) as const

export function certifyIssuer(witness: Signer, network: string, peer: NodeId, notAfter: Instant): Uint8Array {
  return writePayload({
    ...{ peer, notAfter, witness: witness.id },
    signature: signValue(witness, saidOf(network, peer, notAfter)),
  })
}

interface Check {
  readonly network: Pick<Network, 'id' | 'witnesses' | 'limits'>
  readonly verifier: Verifier
  readonly now: Instant
}

/** Until when its bearer belongs to the network; null when it shows no such thing. */
export function certifiedUntil(bytes: Uint8Array, peer: NodeId, { network, verifier, now }: Check): Instant | null {
  const read = readPayload(Certificate, bytes)
  if (read === null) return null
  const { peer: bearer, notAfter, witness, signature } = read.value
  if (bearer !== peer || notAfter < now || !network.witnesses.has(witness)) return null
  return isValueSignedBy(verifier, witness, saidOf(network.id, peer, notAfter), signature) ? notAfter : null
}

/** Whether the genesis itself names it. */
export const isNamed = (peer: NodeId, { witnesses, limits }: Pick<Network, 'witnesses' | 'limits'>): boolean =>
  witnesses.has(peer) || limits.has(peer)
