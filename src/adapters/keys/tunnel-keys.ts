/** Keys of WireGuard: X25519, as `wg genkey` and `wg pubkey` have them. */
import { generateKeyPairSync } from 'node:crypto'
import { ClawError } from '../../model/failure.ts'
import type { TunnelKeys } from '../../ports/keys.ts'
import { publicBytes, secretKey } from './ed25519.ts'

const form = /^[A-Za-z0-9+/]{43}=$/

export const tunnelKeys: TunnelKeys = {
  generate() {
    const { privateKey } = generateKeyPairSync('x25519')
    return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32).toString('base64')
  },
  publicOf(privateKey) {
    if (!form.test(privateKey))
      throw new ClawError('INVALID_REQUEST', { problem: 'that is no private key of WireGuard' })
    return Buffer.from(publicBytes(secretKey('x25519', Buffer.from(privateKey, 'base64')))).toString('base64')
  },
  // All zeros, and others of its kind, make every agreement the same.
  isPublic: (publicKey) => form.test(publicKey) && !lowOrder.has(Buffer.from(publicKey, 'base64').toString('hex')),
}

/** Points of low order (RFC 7748, section 6.1; cr.yp.to/ecdh.html). */
const lowOrder: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])
