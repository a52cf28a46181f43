/** Join tokens: `claw1.` and base64url. Whoever holds one may bring in one host, once, until it expires. */
import { isPeerAddress } from '../../lib/peer-id.ts'
import { ClawError } from '../../model/failure.ts'
import { type MeshId, meshId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { joinTokenCodec, maxAddresses } from '../../wire/admission.ts'
import { maxSkew } from './certificate.ts'

export const tokenPrefix = 'claw1.'
const maxTokenLength = 11_000
export const secretBytes = 32

export interface TokenContent {
  readonly mesh: MeshId
  /** Ed25519 public key of the mesh, 32 bytes: the newcomer knows from it whom it has joined. */
  readonly publicKey: Uint8Array
  /** Multiaddrs of members, each with its peer id. */
  readonly addresses: readonly string[]
  readonly id: string
  readonly secret: Uint8Array
  readonly notAfter: Instant
  /** Pre-shared key of a private network, 32 bytes. */
  readonly networkKey: Uint8Array | null
}

export function encodeToken(content: TokenContent): string {
  const bytes = joinTokenCodec.encode({
    mesh: content.mesh,
    publicKey: new Uint8Array(content.publicKey),
    addresses: content.addresses.slice(0, maxAddresses),
    id: content.id,
    secret: new Uint8Array(content.secret),
    notAfter: content.notAfter,
    networkKey: new Uint8Array(content.networkKey ?? []),
  })
  return tokenPrefix + Buffer.from(bytes).toString('base64url')
}

/** What the token says. Throws TOKEN_INVALID with what is wrong with it: people paste these. */
export function decodeToken(text: string, now: Instant): TokenContent {
  const token = text.trim()
  if (!token.startsWith(tokenPrefix)) throw invalid(`it does not begin with ${tokenPrefix}`)
  if (token.length > maxTokenLength) throw invalid('it is too long')
  const encoded = token.slice(tokenPrefix.length)
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) throw invalid('it holds characters that no token has')
  const content = readContent(new Uint8Array(Buffer.from(encoded, 'base64url')))
  const problem = problemOf(content)
  if (problem !== null) throw invalid(problem)
  if (content.notAfter + maxSkew < now) throw invalid('it has expired')
  return content
}

function readContent(bytes: Uint8Array): TokenContent {
  try {
    const { mesh, networkKey, ...rest } = joinTokenCodec.decode(bytes)
    return { ...rest, mesh: meshId(mesh), networkKey: networkKey.length === 0 ? null : networkKey }
  } catch (cause) {
    throw new ClawError('TOKEN_INVALID', { reason: 'it is cut off or damaged' }, { cause })
  }
}

function problemOf(content: TokenContent): string | null {
  const { mesh, publicKey, addresses, id, secret, notAfter, networkKey } = content
  if (!/^mesh-[0-9a-f]{32}$/.test(mesh)) return 'it names no mesh'
  if (publicKey.length !== 32) return 'it holds no mesh key'
  if (id.length === 0 || id.length > 64) return 'it has no id'
  if (secret.length !== secretBytes) return 'it holds no secret'
  if (networkKey !== null && networkKey.length !== 32) return 'its network key has a wrong length'
  if (!Number.isSafeInteger(notAfter) || notAfter <= 0) return 'it does not say until when it is valid'
  if (addresses.length === 0) return 'it names no address'
  return addresses.every(isPeerAddress) ? null : 'it names an address that is none'
}

const invalid = (reason: string): ClawError => new ClawError('TOKEN_INVALID', { reason })
