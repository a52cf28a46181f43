import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { publicKeyOf } from '../../../src/lib/peer-id.ts'
import type { Signature, SignedRequest } from '../../../src/wire/signed-request.ts'
import {
  decodeProof,
  digestOf,
  encodeProof,
  signatureBase,
  signatureHeaders,
  signatureIn,
} from '../../../src/wire/signed-request.ts'
import { signingOperator } from '../../support/signing.ts'

const operator = signingOperator(1, 'mesh-0123')

/** Without what it is of, which a header does not say. */
const signatureOf = ({ key, mesh, created, nonce, digest, signature }: SignedRequest): Signature => ({
  ...{ key, mesh, created, nonce, digest, signature },
})

test('the base is that of RFC 9421, and its signature is plain Ed25519 over it', () => {
  const signed = operator.sign('workload.run', { image: 'busybox' })
  const base = signatureBase('workload.run', signed)
  expect(base.split('\n')).toEqual([
    '"@method": POST',
    '"@path": /api/ops/workload.run',
    '"@query": ?',
    `"content-digest": ${digestOf('{"image":"busybox"}')}`,
    '"claw-mesh": mesh-0123',
    `"@signature-params": ("@method" "@path" "@query" "content-digest" "claw-mesh");created=${signed.created};nonce="${signed.nonce}";keyid="${operator.id}";alg="ed25519";tag="clawbernetes"`,
  ])
  const raw = publicKeyOf(operator.id) ?? new Uint8Array()
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  expect(verify(null, Buffer.from(base), key, signed.signature)).toBe(true)
})

test('given a request, what its headers say is what was signed', () => {
  const signed = signatureOf(operator.sign('status', {}))
  expect(signatureIn(signatureHeaders(signed))).toEqual(signed)
})

test('given headers that are changed anywhere, they say something else or nothing', () => {
  const signed = signatureOf(operator.sign('status', {}))
  const headers = signatureHeaders(signed)
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(headers)), fc.nat(), fc.string({ minLength: 1 }), (name, at, piece) => {
      const text = headers[name] ?? ''
      const place = at % (text.length + 1)
      const changed = text.slice(0, place) + piece + text.slice(place)
      expect(signatureIn({ ...headers, [name]: changed })).not.toEqual(signed)
    }),
  )
})

test('given a proof, it is read as it was written, beside its own request and beside another', () => {
  const signed = operator.sign('log.read', { workloads: ['a'] })
  for (const beside of [
    { name: 'log.read', input: signed.input },
    { name: 'placement.logs', input: '{}' },
  ])
    expect(decodeProof(encodeProof(signed, beside), beside)).toEqual(signed)
})

test('given any bytes, a proof is read or is none', () => {
  const beside = { name: 'status', input: '{}' }
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        expect(decodeProof(bytes, beside)?.key ?? null).toBeNull()
      },
    ),
  )
})
