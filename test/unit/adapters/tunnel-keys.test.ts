import { expect, test } from 'vitest'
import { newIdentity } from '../../../src/adapters/keys/identity.ts'
import { tunnelKeys } from '../../../src/adapters/keys/tunnel-keys.ts'

test('the public half of a key is what wg pubkey says', () => {
  // As the tool itself has said it.
  const secret = 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk='
  expect(tunnelKeys.publicOf(secret)).toBe('HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=')
  const made = tunnelKeys.generate()
  expect(tunnelKeys.publicOf(made)).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  expect(tunnelKeys.publicOf(made)).toBe(tunnelKeys.publicOf(made))
  expect(tunnelKeys.generate()).not.toBe(made)
  expect(() => tunnelKeys.publicOf('short')).toThrow('no private key')
})

test('a key that makes every agreement the same is no public key', () => {
  expect(tunnelKeys.isPublic(tunnelKeys.publicOf(tunnelKeys.generate()))).toBe(true)
  expect(tunnelKeys.isPublic(Buffer.alloc(32).toString('base64'))).toBe(false)
  expect(tunnelKeys.isPublic('x')).toBe(false)
})

test('two nodes come to the same secret, of each purpose another, and nobody else does', () => {
  const [ada, bob, eve] = [newIdentity().sealer, newIdentity().sealer, newIdentity().sealer]
  const shared = ada.agree(bob.sealKey, 'overlay 1')
  expect(shared).toHaveLength(32)
  expect(bob.agree(ada.sealKey, 'overlay 1')).toEqual(shared)
  expect(bob.agree(ada.sealKey, 'overlay 2')).not.toEqual(shared)
  expect(eve.agree(ada.sealKey, 'overlay 1')).not.toEqual(shared)
  expect(() => ada.agree('AAAA', 'overlay 1')).toThrow('no key')
})
