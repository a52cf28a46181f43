/** The mesh's own key, which signs membership certificates. */
import { generateKeyPairSync } from 'node:crypto'
import type { MeshKeys } from '../../ports/keys.ts'
import { publicBytes, secretKey } from './ed25519.ts'
import { signatureOf } from './signatures.ts'

export const meshKeys: MeshKeys = {
  generate() {
    const { privateKey } = generateKeyPairSync('ed25519')
    const secret = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32))
    return { secret, publicKey: publicBytes(privateKey) }
  },
  sign: (secret, tag, scope, bytes) => signatureOf(secretKey('ed25519', secret), tag, scope, bytes),
}
