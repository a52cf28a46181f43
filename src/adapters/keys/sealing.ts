/** Secrets for one reader: an X25519 agreement with a key made for the occasion, HKDF-SHA-256, AES-256-GCM. */
import {
  createCipheriv,
  createDecipheriv,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { ClawError } from '../../model/failure.ts'
import type { Sealer } from '../../ports/keys.ts'
import { publicBytes, publicKey, secretKey } from './ed25519.ts'

const label = 'claw/seal/1'
const pairLabel = 'claw/pair/1'
/** One key seals one text, so the nonce can stay the same. */
const nonce = Buffer.alloc(12)
const tagBytes = 16

interface Agreement {
  readonly shared: Buffer
  readonly occasion: Uint8Array
  readonly reader: Uint8Array
  readonly scope: string
}

/** Both public keys go into the derivation, so that a text sealed to one reader means nothing to another. */
function keyFor({ shared, occasion, reader, scope }: Agreement): Buffer {
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([occasion, reader]), `${label}\0${scope}`, 32))
}

export function createSealer(secret: Uint8Array): Sealer {
  const own = secretKey('x25519', secret)
  const ownPublic = publicBytes(own)
  return {
    sealKey: Buffer.from(ownPublic).toString('base64'),
    seal,
    open: (scope, sealed) => open(own, scope, sealed),
    agree: (sealKey, scope) => agree(own, sealKey, scope),
  }
}

function seal(to: string, scope: string, secret: Uint8Array): string {
  const reader = Buffer.from(to, 'base64')
  if (reader.length !== 32) throw new ClawError('INVALID_REQUEST', { problem: 'that is no key to seal to' })
  const { privateKey, publicKey: made } = generateKeyPairSync('x25519')
  const occasion = publicBytes(made)
  const shared = diffieHellman({ privateKey, publicKey: publicKey('x25519', reader) })
  const cipher = createCipheriv('aes-256-gcm', keyFor({ shared, occasion, reader, scope }), nonce)
  const text = Buffer.concat([cipher.update(secret), cipher.final()])
  return Buffer.concat([occasion, cipher.getAuthTag(), text]).toString('base64')
}

/** Both public keys go into it, in an order that is the same at both ends. */
function agree(own: KeyObject, sealKey: string, scope: string): Uint8Array {
  const other = Buffer.from(sealKey, 'base64')
  if (other.length !== 32) throw new ClawError('INVALID_REQUEST', { problem: 'that is no key to agree with' })
  const shared = diffieHellman({ privateKey: own, publicKey: publicKey('x25519', other) })
  const both = [Buffer.from(publicBytes(own)), other].toSorted((a, b) => a.compare(b))
  return new Uint8Array(hkdfSync('sha256', shared, Buffer.concat(both), `${pairLabel}\0${scope}`, 32))
}

function open(own: KeyObject, scope: string, sealed: string): Uint8Array | null {
  const bytes = Buffer.from(sealed, 'base64')
  if (bytes.length < 32 + tagBytes) return null
  const [occasion, tag, text] = [bytes.subarray(0, 32), bytes.subarray(32, 48), bytes.subarray(48)]
  try {
    const shared = diffieHellman({ privateKey: own, publicKey: publicKey('x25519', occasion) })
    const key = keyFor({ shared, occasion, reader: publicBytes(own), scope })
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    decipher.setAuthTag(tag)
    return new Uint8Array(Buffer.concat([decipher.update(text), decipher.final()]))
  } catch {
    // Whatever was wrong with it, it was not sealed to us in this scope.
    return null
  }
}
