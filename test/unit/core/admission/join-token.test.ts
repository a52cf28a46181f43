import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newIdentity } from '../../../../src/adapters/keys/identity.ts'
import { decodeToken, encodeToken, type TokenContent } from '../../../../src/core/admission/join-token.ts'
import { isPeerAddress } from '../../../../src/lib/peer-id.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { meshId } from '../../../../src/model/ids.ts'
import { hour } from '../../../../src/model/time.ts'

const now = 1_800_000_000_000
const { id: peer } = newIdentity()
const content: TokenContent = {
  mesh: meshId(`mesh-${'0123456789abcdef'.repeat(2)}`),
  publicKey: new Uint8Array(32).fill(1),
  addresses: [`/ip4/10.0.0.1/tcp/4710/p2p/${peer}`, `/dns4/host.example/tcp/4710/p2p/${peer}`],
  id: 'abcdef',
  secret: new Uint8Array(32).fill(2),
  notAfter: now + hour,
  networkKey: null,
}

const refusal = (token: string, at = now): string => {
  try {
    decodeToken(token, at)
    return 'accepted'
  } catch (error) {
    if (ClawError.is(error, 'TOKEN_INVALID')) return error.message
    throw error
  }
}

test('a token says what was put into it, also with blanks around it', () => {
  expect(decodeToken(`  ${encodeToken(content)}\n`, now)).toEqual(content)
  const secret = { ...content, networkKey: new Uint8Array(32).fill(3) }
  expect(decodeToken(encodeToken(secret), now)).toEqual(secret)
})

test.each([
  ['of another kind', 'ghp_abcdef', /does not begin with claw1/],
  ['cut off', encodeToken(content).slice(0, -20), /./],
  ['with other characters', `${encodeToken(content)}!`, /characters/],
  ['too long', `claw1.${'A'.repeat(12_000)}`, /too long/],
  ['without an address', encodeToken({ ...content, addresses: [] }), /names no address/],
  [
    'with an address without a peer',
    encodeToken({ ...content, addresses: ['/ip4/1.2.3.4/tcp/1'] }),
    /address that is none/,
  ],
  ['without a secret', encodeToken({ ...content, secret: new Uint8Array(8) }), /no secret/],
  ['without a mesh', encodeToken({ ...content, mesh: meshId('lab') }), /no mesh/],
])('a token %s is refused with the reason', (_what, token, expected) => {
  expect(refusal(token)).toMatch(expected)
})

test('an expired token is refused', () => {
  expect(refusal(encodeToken(content), now + 2 * hour)).toMatch(/expired/)
})

test('any text is either a token or refused, never a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(refusal(`claw1.${Buffer.from(bytes).toString('base64url')}`)).not.toBe('accepted')
    }),
    { numRuns: 1_000 },
  )
})

test('an address names a peer at its end', () => {
  expect(isPeerAddress(`/ip6/::1/tcp/4710/p2p/${peer}`)).toBe(true)
  expect(isPeerAddress(`/ip4/1.2.3.4/tcp/1/p2p/nobody`)).toBe(false)
  expect(isPeerAddress(`tcp/1/p2p/${peer}`)).toBe(false)
  expect(isPeerAddress(`/ip4/1.2.3.4 /tcp/1/p2p/${peer}`)).toBe(false)
})
