import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newIdentity } from '../../../../src/adapters/keys/identity.ts'
import { meshKeys } from '../../../../src/adapters/keys/mesh-keys.ts'
import { createVerifier } from '../../../../src/adapters/keys/signatures.ts'
import {
  certificateTag,
  certify,
  checkCertificate,
  isDueForRenewal,
  maxSkew,
  type Membership,
  readCertificate,
} from '../../../../src/core/admission/certificate.ts'
import { meshIdOf } from '../../../../src/core/admission/genesis.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { day } from '../../../../src/model/time.ts'

const peer = newIdentity().id
const other = newIdentity().id
const key = meshKeys.generate()
const now = 1_800_000_000_000
const genesis = { name: 'lab', publicKey: Buffer.from(key.publicKey).toString('base64'), founder: peer, createdAt: now }
const mesh = { id: meshIdOf(genesis), publicKey: key.publicKey }
const verifier = createVerifier()

const membership: Membership = {
  mesh: mesh.id,
  peer,
  name: 'node-1',
  roles: ['member'],
  epoch: 7,
  notBefore: now,
  notAfter: now + day,
}
const sign = (secret: Uint8Array) => (body: Uint8Array) => meshKeys.sign(secret, certificateTag, mesh.id, body)
const certificate = certify(membership, sign(key.secret))
const check = { mesh, from: peer, removed: new Map<NodeId, number>(), now, verifier }
const reason = (bytes: Uint8Array, change: Partial<typeof check>): string => {
  const verdict = checkCertificate(bytes, { ...check, ...change })
  return verdict.ok ? 'in' : verdict.reason
}

test('a certificate of the mesh lets its bearer in and says who it is', () => {
  expect(checkCertificate(certificate, check)).toEqual({ ok: true, membership })
})

test.each([
  ['shown by somebody else', { from: other }, /somebody else/],
  ['before its time', { now: now - maxSkew - 1 }, /not valid yet/],
  ['after its time', { now: now + day + maxSkew + 1 }, /expired/],
  ['of a member removed at its epoch', { removed: new Map([[peer, 7]]) }, /removed/],
  ['of a member removed later', { removed: new Map([[peer, 9]]) }, /removed/],
  ['for a mesh with another id', { mesh: { ...mesh, id: meshIdOf({ ...genesis, name: 'x' }) } }, /another mesh/],
  ['for a mesh with another key', { mesh: { ...mesh, publicKey: meshKeys.generate().publicKey } }, /not signed/],
])('a certificate is refused %s', (_when, change, expected) => {
  expect(reason(certificate, change)).toMatch(expected)
})

test('a member that came back after its removal is let in', () => {
  expect(reason(certificate, { removed: new Map([[peer, 6]]) })).toBe('in')
})

test('clocks may differ by the skew', () => {
  expect(reason(certificate, { now: now - maxSkew })).toBe('in')
  expect(reason(certificate, { now: now + day + maxSkew })).toBe('in')
})

test('a forged certificate is refused', () => {
  expect(reason(certify(membership, sign(meshKeys.generate().secret)), {})).toMatch(/not signed/)
})

test('a certificate with any bit changed is refused, or says and proves the same as before', () => {
  fc.assert(
    fc.property(fc.nat({ max: certificate.length * 8 - 1 }), (bit) => {
      const changed = certificate.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const verdict = checkCertificate(changed, check)
      if (verdict.ok) expect(verdict.membership).toEqual(membership)
      else expect(verdict.reason).not.toBe('')
    }),
    { numRuns: 500 },
  )
})

test('random bytes are no certificate', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => {
      expect(reason(bytes, {})).not.toBe('in')
    }),
    { numRuns: 500 },
  )
  expect(readCertificate(new Uint8Array(100_000))).toBeNull()
})

test('a certificate is renewed from half of its life on', () => {
  expect(isDueForRenewal(membership, now + day / 2 - 1)).toBe(false)
  expect(isDueForRenewal(membership, now + day / 2)).toBe(true)
})

test('the mesh id follows from every part of the founding record', () => {
  const variants = [
    genesis,
    { ...genesis, name: 'lab2' },
    { ...genesis, publicKey: 'AAAA' },
    { ...genesis, founder: other },
    { ...genesis, createdAt: now + 1 },
  ]
  expect(new Set(variants.map(meshIdOf)).size).toBe(variants.length)
  expect(meshIdOf(genesis)).toMatch(/^mesh-[0-9a-f]{32}$/)
  expect(meshIdOf({ name: 'lab', publicKey: 'AAAA', founder: peer, createdAt: 0 })).toBe(
    meshIdOf({ name: 'lab', publicKey: 'AAAA', founder: peer, createdAt: 0 }),
  )
})
