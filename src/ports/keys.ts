/** Keys other than the node's own signature, which is the Signer's: for sealing secrets to one node, and for the mesh as a whole. */
import type { NodeId } from '../model/ids.ts'
import type { Signer } from './signer.ts'

/** Secrets for one reader. `scope` is bound to the sealed text, so that it cannot be passed off as another secret. */
export interface Sealer {
  /** X25519 public key of this node, base64, to which others seal. */
  readonly sealKey: string
  /** Only the holder of that seal key can open the result, base64. Throws INVALID_REQUEST for what is no seal key. */
  seal(to: string, scope: string, secret: Uint8Array): string
  /** Null when it was not sealed to this node, for this scope, or was changed. */
  open(scope: string, sealed: string): Uint8Array | null
  /** 32 bytes that only this node and the holder of that seal key can come to, the same for both. Throws INVALID_REQUEST for what is no seal key. */
  agree(sealKey: string, scope: string): Uint8Array
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

/** What the vault is made of: one key pair to which data keys are sealed, and a data key for each value. */
export interface VaultKeys {
  /** X25519. The public half is base64, as seal keys are. */
  generate(): { readonly publicKey: string; readonly secret: Uint8Array }
  /** Anybody may seal. Throws INVALID_REQUEST for what is no key. */
  seal(to: string, scope: string, secret: Uint8Array): string
  /** Null when it was not sealed to the public half of that secret, for this scope, or was changed. */
  open(secret: Uint8Array, scope: string, sealed: string): Uint8Array | null
  /** 32 bytes that nobody can guess. */
  dataKey(): Uint8Array
  /** `bound` must be the same to open it again. */
  encrypt(value: Uint8Array, dataKey: Uint8Array, bound: string): Uint8Array
  /** Null when it was changed, or is bound to something else. */
  decrypt(box: Uint8Array, dataKey: Uint8Array, bound: string): Uint8Array | null
}

/** Who a node is in a MOLT network: a key that has nothing to do with that of the node. */
export interface MarketKey {
  /** Its peer id: the party and the account. */
  readonly id: NodeId
  /** Private half, 32 bytes, for the market host to prove the id with. Goes into no log. */
  readonly seed: Uint8Array
  readonly signer: Signer
}

/** X25519 keys as WireGuard has them, base64. */
export interface TunnelKeys {
  generate(): string
  /** Throws INVALID_REQUEST for what is no private key. */
  publicOf(privateKey: string): string
  /** Whether it is a public key that one can agree with. */
  isPublic(publicKey: string): boolean
}
