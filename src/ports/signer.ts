/** Keys and what they do. Every signature covers `tag ‖ 0 ‖ mesh id ‖ 0 ‖ bytes`, so nothing signed can stand for something else. */
import type { NodeId } from '../model/ids.ts'

export interface Signer {
  /** The peer id of this node's Ed25519 key. */
  readonly id: NodeId
  sign(tag: string, scope: string, bytes: Uint8Array): Uint8Array
}

export interface Verifier {
  /** Is this the signature of the holder of that peer id's key? False for anything malformed. */
  verify(by: NodeId, tag: string, scope: string, bytes: Uint8Array, signature: Uint8Array): boolean
  /** The same of a text that says itself what it is, such as the base of an HTTP message signature: nothing is put before it. */
  verifyText(by: NodeId, text: string, signature: Uint8Array): boolean
  /** The same as `verify` with a raw 32-byte Ed25519 public key, such as a mesh's. */
  verifyWith(publicKey: Uint8Array, tag: string, scope: string, bytes: Uint8Array, signature: Uint8Array): boolean
}
