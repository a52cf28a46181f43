/** Ed25519 and X25519 keys between their 32 bytes and what node:crypto takes. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

/** DER before the 32 bytes of a key (RFC 8410): private as PKCS #8, public as SPKI. */
const headers = {
  ed25519: { secret: '302e020100300506032b657004220420', public: '302a300506032b6570032100' },
  x25519: { secret: '302e020100300506032b656e04220420', public: '302a300506032b656e032100' },
} as const

export type Curve = keyof typeof headers

export function secretKey(curve: Curve, bytes: Uint8Array): KeyObject {
  if (bytes.length !== 32) throw new Error(`an ${curve} key has 32 bytes`)
  const key = Buffer.concat([Buffer.from(headers[curve].secret, 'hex'), bytes])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

export function publicKey(curve: Curve, bytes: Uint8Array): KeyObject {
  if (bytes.length !== 32) throw new Error(`an ${curve} key has 32 bytes`)
  const key = Buffer.concat([Buffer.from(headers[curve].public, 'hex'), bytes])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

/** The 32 bytes of the public half of either half. */
export function publicBytes(key: KeyObject): Uint8Array {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return new Uint8Array(half.export({ format: 'der', type: 'spki' }).subarray(-32))
}
