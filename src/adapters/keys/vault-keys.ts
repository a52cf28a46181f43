/** Values under a data key of their own by AES-256-GCM, and the keys of the vault, which are such as nodes have. */
import { createCipheriv, createDecipheriv, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { VaultKeys } from '../../ports/keys.ts'
import { publicBytes } from './ed25519.ts'
import { createSealer } from './sealing.ts'

const nonceBytes = 12
const tagBytes = 16

/** Sealing needs no key of one's own, but a sealer has one. */
const anySealer = createSealer(newSecret())

export const vaultKeys: VaultKeys = {
  generate() {
    const secret = newSecret()
    return { publicKey: createSealer(secret).sealKey, secret }
  },
  seal: (to, scope, secret) => anySealer.seal(to, scope, secret),
  open: (secret, scope, sealed) => createSealer(secret).open(scope, sealed),
  dataKey: () => new Uint8Array(randomBytes(32)),
  encrypt,
  decrypt,
}

function newSecret(): Uint8Array {
  const { privateKey } = generateKeyPairSync('x25519')
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-publicBytes(privateKey).length))
}

/** Nonce, tag, ciphertext. */
function encrypt(value: Uint8Array, dataKey: Uint8Array, bound: string): Uint8Array {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', dataKey, nonce)
  cipher.setAAD(Buffer.from(bound))
  const text = Buffer.concat([cipher.update(value), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), text]))
}

function decrypt(box: Uint8Array, dataKey: Uint8Array, bound: string): Uint8Array | null {
  if (box.length < nonceBytes + tagBytes || dataKey.length !== 32) return null
  const decipher = createDecipheriv('aes-256-gcm', dataKey, box.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAuthTag(box.subarray(nonceBytes, nonceBytes + tagBytes))
  decipher.setAAD(Buffer.from(bound))
  try {
    return new Uint8Array(Buffer.concat([decipher.update(box.subarray(nonceBytes + tagBytes)), decipher.final()]))
  } catch {
    // Whatever was wrong with it, it is not this value of that.
    return null
  }
}
