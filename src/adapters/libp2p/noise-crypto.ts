/**
 * What Noise needs of cryptography, from Node. The library's own calls Node with keys as plain bytes, and Node finds out that such a key is
 * none of its key objects by two exceptions: for every message, that costs more than to encrypt it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { type ICryptoInterface, pureJsCrypto } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'

const cipherName = 'chacha20-poly1305'
const tagBytes = 16
/** What stands before the 32 bytes of an X25519 key in its standard forms. */
const before = {
  private: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  public: Buffer.from('302a300506032b656e032100', 'hex'),
}

/** A connection has one key for each direction for as long as it lives. */
const known = new WeakMap<Uint8Array, KeyObject>()

function keyOf(bytes: Uint8Array): KeyObject {
  const key = known.get(bytes) ?? createSecretKey(bytes)
  known.set(bytes, key)
  return key
}

type Bytes = Uint8Array | Uint8ArrayList

const partsOf = (bytes: Bytes): Iterable<Uint8Array> => (bytes instanceof Uint8Array ? [bytes] : bytes)

/** As much as a message of Noise has at most. What is in it is used up before the next message. */
const workspace = Buffer.allocUnsafeSlow(65_536)

/** The parts of a message in one piece: a cipher gives out memory of its own for each that it is given, and what follows has to put these together. */
function whole(bytes: Bytes): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  if (bytes.byteLength > workspace.length) return bytes.subarray()
  let length = 0
  for (const part of bytes) {
    workspace.set(part, length)
    length += part.length
  }
  return workspace.subarray(0, length)
}

const privateKey = (raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([before.private, raw]), type: 'pkcs8', format: 'der' })

const rawPublic = (key: KeyObject): Uint8Array =>
  key.export({ type: 'spki', format: 'der' }).subarray(before.public.length)

export const noiseCrypto: ICryptoInterface = {
  getHKDF: pureJsCrypto.getHKDF.bind(pureJsCrypto),

  hashSHA256(data) {
    const hash = createHash('sha256')
    for (const part of partsOf(data)) hash.update(part)
    return hash.digest()
  },

  generateX25519KeyPair() {
    const pair = generateKeyPairSync('x25519')
    const secret = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(before.private.length)
    return { publicKey: rawPublic(pair.publicKey), privateKey: secret }
  },

  generateX25519KeyPairFromSeed: (seed) => ({
    publicKey: rawPublic(createPublicKey(privateKey(seed))),
    privateKey: seed,
  }),

  generateX25519SharedKey: (mine, theirs) =>
    diffieHellman({
      privateKey: privateKey(mine.subarray()),
      publicKey: createPublicKey({
        key: Buffer.concat([before.public, theirs.subarray()]),
        type: 'spki',
        format: 'der',
      }),
    }),

  chaCha20Poly1305Encrypt(plaintext, nonce, ad, k) {
    const cipher = createCipheriv(cipherName, keyOf(k), nonce, { authTagLength: tagBytes })
    cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })
    const output = new Uint8ArrayList(cipher.update(whole(plaintext)))
    cipher.final()
    output.append(cipher.getAuthTag())
    return output
  },

  /** Throws for what was changed on its way. */
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k) {
    const end = ciphertext.byteLength - tagBytes
    if (end < 0) throw new Error('a message without its tag')
    const decipher = createDecipheriv(cipherName, keyOf(k), nonce, { authTagLength: tagBytes })
    decipher.setAAD(ad, { plaintextLength: end })
    decipher.setAuthTag(ciphertext.subarray(end))
    const output = decipher.update(whole(ciphertext).subarray(0, end))
    decipher.final()
    return output
  },
}
