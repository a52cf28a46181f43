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
  /** The same with a raw 32-byte Ed25519 public key, such as a mesh's. */
  verifyWith(publicKey: Uint8Array, tag: string, scope: string, bytes: Uint8Array, signature: Uint8Array): boolean
}
