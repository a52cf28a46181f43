/** Membership certificates: what they say, how they are signed, and when they count. */
import { type MeshId, meshId, type NodeId, nodeId } from '../../model/ids.ts'
import { type Instant, type Millis, minute } from '../../model/time.ts'
import { removedReason } from '../../ports/admission.ts'
import type { Verifier } from '../../ports/signer.ts'
import { certificateBodyCodec, certificateCodec, maxCertificateBytes } from '../../wire/admission.ts'
import type { MeshAnchor } from './genesis.ts'

/** What the mesh key signs over, before the mesh id and the body. */
export const certificateTag = 'claw/certificate/1'

/** How far the clocks of two hosts may differ. */
export const maxSkew: Millis = 5 * minute

export interface Membership {
  readonly mesh: MeshId
  readonly peer: NodeId
  readonly name: string
  readonly roles: readonly string[]
  readonly epoch: number
  readonly notBefore: Instant
  readonly notAfter: Instant
}

/** Signs the body's bytes with the mesh key under `certificateTag` and the mesh id. */
export type SignBody = (body: Uint8Array) => Uint8Array

export function certify(membership: Membership, sign: SignBody): Uint8Array {
  const body = certificateBodyCodec.encode({ ...membership, roles: [...membership.roles] })
  const bytes = certificateCodec.encode({ body: new Uint8Array(body), signature: new Uint8Array(sign(body)) })
  if (bytes.length > maxCertificateBytes) throw new Error(`a certificate of ${bytes.length} bytes`)
  return bytes
}

/** What a certificate says, unchecked; null for bytes that are none. */
export function readCertificate(bytes: Uint8Array): Membership | null {
  try {
    return membershipIn(certificateCodec.decode(bytes).body)
  } catch {
    // Bytes from outside: whatever was wrong with them, they are no certificate.
    return null
  }
}

export interface CertificateCheck {
  readonly mesh: MeshAnchor
  /** Who shows it, as the connection has proved. */
  readonly from: NodeId
  /** Peers that were removed, with the epoch of it. */
  readonly removed: ReadonlyMap<NodeId, number>
  readonly now: Instant
  readonly verifier: Verifier
}

export type CertificateVerdict =
  { readonly ok: true; readonly membership: Membership } | { readonly ok: false; readonly reason: string }

const no = (reason: string): CertificateVerdict => ({ ok: false, reason })

/** Does the certificate let its bearer in? Everything cheap is asked before the signature is checked. */
export function checkCertificate(bytes: Uint8Array, check: CertificateCheck): CertificateVerdict {
  const { mesh, from, removed, now, verifier } = check
  if (bytes.length === 0) return no('it shows no certificate')
  const membership = readCertificate(bytes)
  if (membership === null) return no('its certificate cannot be read')
  if (membership.mesh !== mesh.id) return no('its certificate is of another mesh')
  if (membership.peer !== from) return no('its certificate is somebody else’s')
  if (membership.notBefore - maxSkew > now) return no('its certificate is not valid yet; compare the clocks')
  if (membership.notAfter + maxSkew < now) return no('its certificate has expired')
  const removedAt = removed.get(from)
  if (removedAt !== undefined && membership.epoch <= removedAt) return no(removedReason)

  const { body, signature } = certificateCodec.decode(bytes)
  if (!verifier.verifyWith(mesh.publicKey, certificateTag, mesh.id, body, signature))
    return no('its certificate was not signed by the mesh')
  return { ok: true, membership }
}

/** Time for a new one? From half of its life on, so that a mesh without a leader for days does not fall apart. */
export function isDueForRenewal({ notBefore, notAfter }: Membership, now: Instant): boolean {
  return now >= notBefore + (notAfter - notBefore) / 2
}

function membershipIn(body: Uint8Array): Membership {
  const { mesh, peer, name, roles, epoch, notBefore, notAfter } = certificateBodyCodec.decode(body)
  for (const number of [epoch, notBefore, notAfter])
    if (!Number.isSafeInteger(number) || number < 0) throw new Error('a number out of range')
  return { mesh: meshId(mesh), peer: nodeId(peer), name, roles, epoch, notBefore, notAfter }
}
