import fc from 'fast-check'
import { expect, test } from 'vitest'
import { vaultKeys } from '../../../../src/adapters/keys/vault-keys.ts'
import { envelopeText, readEnvelope, scopeOf } from '../../../../src/core/vault/envelope.ts'
import { meshId } from '../../../../src/model/ids.ts'

const { publicKey, secret } = vaultKeys.generate()
const mesh = meshId('mesh-0123')
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'secret', 'env', '-', '1', '2'), minLength: 1, maxLength: 4 })
const subject = fc.record({
  mesh: fc.constant(mesh),
  namespace: word,
  of: fc.oneof(fc.record({ secret: word, version: fc.nat(20) }), fc.record({ env: word })),
})

test('what was sealed is opened by the vault alone, for its subject alone', () => {
  const other = vaultKeys.generate()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), subject, subject, (value, own, foreign) => {
      const scope = scopeOf(own)
      const dataKey = vaultKeys.dataKey()
      const key = vaultKeys.seal(publicKey, scope, dataKey)
      const box = vaultKeys.encrypt(value, dataKey, scope)
      expect(vaultKeys.decrypt(box, vaultKeys.open(secret, scope, key) ?? new Uint8Array(), scope)).toEqual(value)
      expect(vaultKeys.open(other.secret, scope, key)).toBeNull()
      if (scopeOf(foreign) === scope) return
      expect(vaultKeys.open(secret, scopeOf(foreign), key)).toBeNull()
      expect(vaultKeys.decrypt(box, dataKey, scopeOf(foreign))).toBeNull()
    }),
    { numRuns: 50 },
  )
})

test('two different subjects never have the same scope', () => {
  fc.assert(
    fc.property(subject, subject, (a, b) => (scopeOf(a) === scopeOf(b)) === (JSON.stringify(a) === JSON.stringify(b))),
  )
})

test('given one bit of it was changed, it is not opened', () => {
  const dataKey = vaultKeys.dataKey()
  const box = vaultKeys.encrypt(new TextEncoder().encode('hunter2'), dataKey, 'scope')
  for (let bit = 0; bit < box.length * 8; bit += 1) {
    const changed = box.slice()
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(vaultKeys.decrypt(changed, dataKey, 'scope')).toBeNull()
  }
})

test('an envelope that is written is read as it was, and nothing else is one', () => {
  const envelope = { epoch: 12, key: 'a+/=', box: 'Ym94' }
  expect(readEnvelope(envelopeText(envelope))).toEqual(envelope)
  fc.assert(fc.property(fc.string(), (text) => readEnvelope(text) === null))
})
