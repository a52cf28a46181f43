/** Signing and checking. Everything signed is `tag ‖ 0 ‖ scope ‖ 0 ‖ bytes`, but for requests, whose form is RFC 9421’s. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { publicKeyOf } from '../../lib/peer-id.ts'
import type { Verifier } from '../../ports/signer.ts'
import { publicKey } from './ed25519.ts'

function signedBytes(tag: string, scope: string, bytes: Uint8Array): Uint8Array {
  if (tag.includes('\0') || scope.includes('\0')) throw new Error('a tag or scope holds a zero')
  return Buffer.concat([Buffer.from(`${tag}\0${scope}\0`), bytes])
}

export const signatureOf = (key: KeyObject, tag: string, scope: string, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, signedBytes(tag, scope, bytes), key))

/** Keys that were checked lately: making one from its bytes takes as long as half a check. */
const maxKept = 1_024

export function createVerifier(): Verifier {
  const kept = new Map<string, KeyObject>()
  const keyOf = (bytes: Uint8Array): KeyObject => {
    const name = Buffer.from(bytes).toString('base64')
    const known = kept.get(name)
    if (known !== undefined) return known
    if (kept.size >= maxKept) kept.clear()
    const made = publicKey('ed25519', bytes)
    kept.set(name, made)
    return made
  }
  const verifyWith: Verifier['verifyWith'] = (key, ...[tag, scope, bytes, signature]) =>
    key.length === 32 &&
    signature.length === 64 &&
    !scope.includes('\0') &&
    verify(null, signedBytes(tag, scope, bytes), keyOf(key), signature)
  return {
    verifyWith,
    verifyText(by, text, signature) {
      const key = publicKeyOf(by)
      return key !== null && signature.length === 64 && verify(null, Buffer.from(text), keyOf(key), signature)
    },
    verify(by, ...signed) {
      const key = publicKeyOf(by)
      return key !== null && verifyWith(key, ...signed)
    },
  }
}
