/** How hosts come into a mesh: certificates, join tokens, and the calls that hand them out. See protocols/admission.md. */
import type { Codec } from '../ports/codec.ts'
import type { Protocol } from '../ports/rpc.ts'
import {
  Certificate,
  CertificateBody,
  IssueCertificateReply,
  IssueCertificateRequest,
  JoinReply,
  JoinRequest,
  JoinTokenBody,
} from './gen/admission.ts'

export type {
  Certificate,
  CertificateBody,
  GenesisRecord,
  IssueCertificateReply,
  IssueCertificateRequest,
  JoinReply,
  JoinRequest,
  JoinTokenBody,
} from './gen/admission.ts'

export const maxCertificateBytes = 2_048
export const maxAddresses = 32
const maxRoles = 16
const maxLabels = 64

const within = (bytes: Uint8Array, max: number, what: string): Uint8Array => {
  if (bytes.length > max) throw new Error(`${what} of ${bytes.length} bytes`)
  return bytes
}

export const certificateCodec: Codec<Certificate> = {
  encode: (message) => Certificate.encode(message),
  decode: (bytes) => Certificate.decode(within(bytes, maxCertificateBytes, 'certificate')),
}

export const certificateBodyCodec: Codec<CertificateBody> = {
  encode: (message) => CertificateBody.encode(message),
  decode: (bytes) => CertificateBody.decode(bytes, { limits: { roles: maxRoles } }),
}

export const joinTokenCodec: Codec<JoinTokenBody> = {
  encode: (message) => JoinTokenBody.encode(message),
  decode: (bytes) => JoinTokenBody.decode(within(bytes, 8_192, 'join token'), { limits: { addresses: maxAddresses } }),
}

/**
 * Lets the caller into the mesh, if its token is good. The caller's key is the one that the connection proved. Safe to repeat: the
 * same node is answered again as it was the first time.
 */
export const join: Protocol<JoinRequest, JoinReply> = {
  kind: 'call',
  id: '/clawbernetes/join/1.0.0',
  audience: 'anyone',
  lane: 'bulk',
  maxBytes: 65_536,
  maxInbound: 2,
  timeout: 30_000,
  request: {
    encode: (message) => JoinRequest.encode(message),
    decode: (bytes) => JoinRequest.decode(bytes, { limits: { labels: maxLabels, addresses: maxAddresses } }),
  },
  response: {
    encode: (message) => JoinReply.encode(message),
    decode: (bytes) => JoinReply.decode(bytes, { limits: { addresses: 256 } }),
  },
}

/** Asks a peer that holds the mesh key for a member's certificate, at its present epoch. */
export const issueCertificate: Protocol<IssueCertificateRequest, IssueCertificateReply> = {
  kind: 'call',
  id: '/clawbernetes/certificate/issue/1.0.0',
  audience: 'members',
  lane: 'bulk',
  maxBytes: 4_096,
  maxInbound: 4,
  timeout: 10_000,
  request: IssueCertificateRequest,
  response: IssueCertificateReply,
}
