import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadIdentity, newIdentity, readIdentity } from '../../../../src/adapters/keys/identity.ts'
import { meshKeys } from '../../../../src/adapters/keys/mesh-keys.ts'
import { createVerifier } from '../../../../src/adapters/keys/signatures.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const ada = newIdentity()
const bob = newIdentity()
const verifier = createVerifier()
const someBytes = fc.uint8Array({ maxLength: 200 })
const word = fc.stringMatching(/^[a-z/0-9-]{0,20}$/)

test('what the holder of a key signed is verified, under that tag and scope only', () => {
  fc.assert(
    fc.property(word, word, someBytes, (tag, scope, bytes) => {
      const signature = ada.signer.sign(tag, scope, bytes)
      expect(verifier.verify(ada.id, tag, scope, bytes, signature)).toBe(true)
      expect(verifier.verify(bob.id, tag, scope, bytes, signature)).toBe(false)
      expect(verifier.verify(ada.id, `${tag}x`, scope, bytes, signature)).toBe(false)
      expect(verifier.verify(ada.id, tag, `${scope}x`, bytes, signature)).toBe(false)
      expect(verifier.verify(ada.id, tag, scope, Uint8Array.of(...bytes, 0), signature)).toBe(false)
    }),
    { numRuns: 50 },
  )
})

test('garbage is never a signature, and never throws', () => {
  fc.assert(
    fc.property(fc.string(), someBytes, someBytes, (by, bytes, signature) => {
      expect(verifier.verify(nodeId(by), 'tag', 'scope', bytes, signature)).toBe(false)
      expect(verifier.verifyWith(bytes, 'tag', 'scope', bytes, signature)).toBe(false)
      expect(verifier.verify(ada.id, 'tag', 'scope', bytes, signature)).toBe(false)
    }),
  )
})

test('a mesh key signs what its public half verifies', () => {
  const { secret, publicKey } = meshKeys.generate()
  const bytes = Uint8Array.of(1, 2, 3)
  const signature = meshKeys.sign(secret, 'tag', 'scope', bytes)
  expect(verifier.verifyWith(publicKey, 'tag', 'scope', bytes, signature)).toBe(true)
  expect(verifier.verifyWith(meshKeys.generate().publicKey, 'tag', 'scope', bytes, signature)).toBe(false)
})

test('a sealed secret opens for its reader, in its scope, unchanged, and for nobody else', () => {
  fc.assert(
    fc.property(someBytes, fc.nat(), (secret, at) => {
      const sealed = ada.sealer.seal(bob.sealer.sealKey, 'scope', secret)
      expect(bob.sealer.open('scope', sealed)).toEqual(secret)
      expect(ada.sealer.open('scope', sealed)).toBeNull()
      expect(bob.sealer.open('other', sealed)).toBeNull()
      const changed = Buffer.from(sealed, 'base64')
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ 1
      expect(bob.sealer.open('scope', changed.toString('base64'))).toBeNull()
    }),
    { numRuns: 50 },
  )
})

test('an identity is made once, kept as a secret, and read again as the same', async () => {
  const blobs = new Map<string, Uint8Array>()
  const secrets: string[] = []
  const disk = {
    readBlob: (name: string) => Promise.resolve(blobs.get(name) ?? null),
    writeBlob: (name: string, bytes: Uint8Array, options?: { readonly secret?: boolean }) => {
      blobs.set(name, bytes)
      if (options?.secret === true) secrets.push(name)
      return Promise.resolve()
    },
  }
  const first = await loadIdentity(disk)
  const second = await loadIdentity(disk)
  expect(second.id).toBe(first.id)
  expect(second.sealer.sealKey).toBe(first.sealer.sealKey)
  expect(secrets).toEqual(['identity.key'])
})

test('a damaged identity is refused, not replaced', () => {
  expect(() => readIdentity(Buffer.from('clawbernetes identity 1\nAAAA\n'))).toThrow(/identity.key holds no identity/)
  expect(() => readIdentity(Buffer.alloc(0))).toThrow(/identity.key holds no identity/)
})
