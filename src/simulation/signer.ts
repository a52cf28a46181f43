/** Signatures in a simulation: cheap, and as hard to forge as nobody tries. The key of a node is its id. */
import type { NodeId } from '../model/ids.ts'
import type { Signer, Verifier } from '../ports/signer.ts'

export const simSigner = (id: NodeId): Signer => ({ id, sign: (tag, scope, bytes) => digest(id, tag, scope, bytes) })

export const simVerifier: Verifier = {
  verify: (...[by, tag, scope, bytes, signature]) => isSame(digest(by, tag, scope, bytes), signature),
  verifyText: (by, text, signature) => isSame(digest(by, '', '', new TextEncoder().encode(text)), signature),
  verifyWith: (...[publicKey, tag, scope, bytes, signature]) =>
    isSame(digest(String.fromCodePoint(...publicKey), tag, scope, bytes), signature),
}

/** Sixteen words of FNV-1a over all that is covered, each from another start: 64 bytes, as long as an Ed25519 signature. */
function digest(key: string, tag: string, scope: string, bytes: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`${key}\0${tag}\0${scope}\0`)
  let hash = 0x811c9dc5
  for (const part of [head, bytes]) for (const byte of part) hash = Math.imul(hash ^ byte, 0x01000193)
  const words = Uint32Array.from({ length: 16 }, (_, at) => Math.imul(hash ^ at, 0x01000193) >>> 0)
  return new Uint8Array(words.buffer)
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at])
