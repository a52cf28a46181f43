import { pureJsCrypto } from '@libp2p/noise'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Uint8ArrayList } from 'uint8arraylist'
import { noiseCrypto } from '../../../../src/adapters/libp2p/noise-crypto.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const listed = fc
  .array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 })
  .map((parts) => new Uint8ArrayList(...parts))
const message = fc.oneof(fc.uint8Array({ maxLength: 2_000 }), listed)
const flat = (value: Uint8Array | Uint8ArrayList): number[] => [...value.subarray()]

test('it speaks the same as the reference in JavaScript, in both directions', () => {
  fc.assert(
    fc.property(message, bytes(12), fc.uint8Array({ maxLength: 40 }), bytes(32), (text, nonce, ad, key) => {
      const sealed = noiseCrypto.chaCha20Poly1305Encrypt(text, nonce, ad, key)
      expect(flat(sealed)).toEqual(flat(pureJsCrypto.chaCha20Poly1305Encrypt(text.subarray(), nonce, ad, key)))
      expect(flat(noiseCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, key))).toEqual(flat(text))
      expect(flat(noiseCrypto.chaCha20Poly1305Decrypt(sealed.subarray(), nonce, ad, key))).toEqual(flat(text))
      expect(flat(noiseCrypto.hashSHA256(text))).toEqual(flat(pureJsCrypto.hashSHA256(text.subarray())))
    }),
    { numRuns: 50 },
  )
})

test('what was changed on its way is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes(12), bytes(32), fc.nat(), (text, nonce, key, at) => {
      const sealed = Uint8Array.from(noiseCrypto.chaCha20Poly1305Encrypt(text, nonce, new Uint8Array(), key).subarray())
      const place = at % sealed.length
      sealed[place] = (sealed[place] ?? 0) ^ 1
      const open = (data: Uint8Array | Uint8ArrayList) => () =>
        noiseCrypto.chaCha20Poly1305Decrypt(data, nonce, new Uint8Array(), key)
      expect(open(sealed)).toThrow()
      expect(open(new Uint8ArrayList(sealed))).toThrow()
      expect(open(sealed.subarray(0, 15))).toThrow()
    }),
    { numRuns: 50 },
  )
})

test('two sides agree on a secret, whichever of the two has made the keys', () => {
  const [ours, theirs] = [noiseCrypto.generateX25519KeyPair(), pureJsCrypto.generateX25519KeyPair()]
  const secret = flat(noiseCrypto.generateX25519SharedKey(ours.privateKey, theirs.publicKey))
  expect(secret).toEqual(flat(pureJsCrypto.generateX25519SharedKey(theirs.privateKey, ours.publicKey)))
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i)
  expect(flat(noiseCrypto.generateX25519KeyPairFromSeed(seed).publicKey)).toEqual(
    flat(pureJsCrypto.generateX25519KeyPairFromSeed(seed).publicKey),
  )
})
