import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBase58, toBase58 } from '../../../src/lib/base58.ts'
import { peerIdOf, publicKeyOf } from '../../../src/lib/peer-id.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

test('base58 gives back any bytes, with their leading zeros', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (value) => {
      expect(fromBase58(toBase58(value))).toEqual(value)
    }),
  )
})

test('text that is no base58 is nothing', () => {
  expect(fromBase58('0OIl')).toBeNull()
})

test('a peer id is the one that libp2p gives the same key', async () => {
  await fc.assert(
    fc.asyncProperty(bytes(32), async (seed) => {
      const key = await generateKeyPairFromSeed('Ed25519', seed)
      expect(peerIdOf(key.publicKey.raw)).toBe(peerIdFromPrivateKey(key).toString())
    }),
    { numRuns: 20 },
  )
})

test('a peer id gives back its key, and nothing else does', () => {
  fc.assert(
    fc.property(bytes(32), fc.string({ maxLength: 80 }), (key, text) => {
      expect(publicKeyOf(peerIdOf(key))).toEqual(key)
      expect(publicKeyOf(text)).toBeNull()
    }),
  )
})
