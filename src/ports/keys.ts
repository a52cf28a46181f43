/** Keys other than the node's own signature, which is the Signer's: for sealing secrets to one node, and for the mesh as a whole. */

/** Secrets for one reader. `scope` is bound to the sealed text, so that it cannot be passed off as another secret. */
export interface Sealer {
  /** X25519 public key of this node, base64, to which others seal. */
  readonly sealKey: string
  /** Only the holder of that seal key can open the result, base64. Throws INVALID_REQUEST for what is no seal key. */
  seal(to: string, scope: string, secret: Uint8Array): string
  /** Null when it was not sealed to this node, for this scope, or was changed. */
  open(scope: string, sealed: string): Uint8Array | null
}

export interface MeshKey {
  /** Ed25519, 32 bytes each. */
  readonly publicKey: Uint8Array
  readonly secret: Uint8Array
}

export interface MeshKeys {
  generate(): MeshKey
  sign(secret: Uint8Array, tag: string, scope: string, bytes: Uint8Array): Uint8Array
}
