/** A peer id as libp2p writes it: base58 of an identity multihash of the protobuf of an Ed25519 public key. */
import { fromBase58, toBase58 } from './base58.ts'

/** identity hash, 36 bytes; key type Ed25519; key, 32 bytes. */
const prefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

export function peerIdOf(publicKey: Uint8Array): string {
  if (publicKey.length !== 32) throw new Error('an Ed25519 public key has 32 bytes')
  return toBase58(Uint8Array.of(...prefix, ...publicKey))
}

/** The public key that a peer id is, or null for anything that is no peer id of an Ed25519 key. */
export function publicKeyOf(peerId: string): Uint8Array | null {
  if (peerId.length > 64) return null
  const bytes = fromBase58(peerId)
  if (bytes?.length !== 38 || prefix.some((byte, i) => bytes[i] !== byte)) return null
  return bytes.slice(prefix.length)
}

/** A multiaddr with a peer id at its end, as far as can be told without a library. */
export function isPeerAddress(address: string): boolean {
  if (address.length > 512 || !/^(\/[\x21-\x2e\x30-\x7e]+)+$/.test(address)) return false
  const [, peer] = /\/p2p\/([^/]+)$/.exec(address) ?? []
  return peer !== undefined && publicKeyOf(peer) !== null
}
