/** ID tokens of an OpenID provider (OpenID Connect Core 3.1.3.7): whose they are, for whom, until when, and that the provider signed them. */
import { constants, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { ClawError } from '../../model/failure.ts'
import { type Instant, minute, second } from '../../model/time.ts'
import type { Claims, IdTokens } from '../../ports/id-tokens.ts'

export interface ProviderSettings {
  readonly issuer: string
  readonly clientId: string
}

/** Clocks of a provider and of a host may be apart. */
const skew = minute
/** Whoever logs in has just got it. */
const oldest = 10 * minute
/** A key that is not known is asked for, but no more often than this. */
const pause = 10 * second
const patience = 10 * second
const largest = 1_048_576

interface Key {
  readonly id: string | null
  readonly key: KeyObject
}

/** `now` tells the time, `get` fetches JSON. */
export function idTokens({ issuer, clientId }: ProviderSettings, now: () => Instant, get = fetched): IdTokens {
  let keys: readonly Key[] = []
  let askedAt = -Infinity
  const refresh = async (signal: AbortSignal): Promise<void> => {
    askedAt = now()
    const provider = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal)
    if (provider['issuer'] !== issuer) throw unavailable(issuer, 'it calls itself by another name')
    const { keys: found } = await get(safe(provider['jwks_uri']), signal)
    keys = (Array.isArray(found) ? found : []).slice(0, 64).flatMap(keyIn)
  }
  return {
    async verify(token, signal) {
      const parts = partsOf(token)
      const known = (): readonly Key[] =>
        keys.filter(({ id }) => id === null || parts.keyId === null || id === parts.keyId)
      if (known().length === 0 && now() - askedAt >= pause) await refresh(signal)
      if (!known().some(({ key }) => isSigned(parts, key))) throw refusal('the provider did not sign it')
      return checked(parts.claims, { issuer, clientId, at: now() })
    },
  }
}

interface Parts {
  readonly algorithm: string
  readonly keyId: string | null
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: string
  readonly signature: Uint8Array
}

function partsOf(token: string): Parts {
  const [head = '', body = '', signature = '', ...more] = token.length > 16_384 ? [] : token.split('.')
  const header = jsonIn(head)
  const claims = jsonIn(body)
  if (header === null || claims === null || signature === '' || more.length > 0) throw refusal('it is no ID token')
  const { alg, kid, crit } = header
  if (typeof alg !== 'string' || crit !== undefined) throw refusal('it is no ID token')
  return {
    ...{ algorithm: alg, keyId: typeof kid === 'string' ? kid : null, claims, signed: `${head}.${body}` },
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** Never by a secret that both have, and never unsigned: only by keys of which the other half is the provider's alone. */
function isSigned({ algorithm, signed, signature }: Parts, key: KeyObject): boolean {
  const data = Buffer.from(signed)
  const type = key.asymmetricKeyType
  switch (algorithm) {
    case 'RS256':
      return type === 'rsa' && verify('sha256', data, key, signature)
    case 'PS256':
      return (
        type === 'rsa' &&
        verify('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature)
      )
    case 'ES256':
      return type === 'ec' && verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'EdDSA':
      return type === 'ed25519' && verify(null, data, key, signature)
    default:
      return false
  }
}

interface Expected extends ProviderSettings {
  readonly at: Instant
}

function checked(claims: Parts['claims'], { issuer, clientId, at }: Expected): Claims {
  const { iss, aud, azp, exp, iat, nbf, sub } = claims
  const audience: readonly unknown[] = Array.isArray(aud) ? (aud as unknown[]) : [aud]
  if (iss !== issuer) throw refusal('it is of another provider')
  if (!audience.includes(clientId) || (audience.length > 1 && azp !== clientId))
    throw refusal('it is for somebody else')
  const instant = (value: unknown): number => (typeof value === 'number' ? value * second : NaN)
  if (!(instant(exp) > at - skew)) throw refusal('it has expired')
  if (!(instant(iat) <= at + skew && instant(iat) >= at - oldest)) throw refusal('it was not made just now')
  if (nbf !== undefined && !(instant(nbf) <= at + skew)) throw refusal('it is not good yet')
  if (typeof sub !== 'string' || sub === '') throw refusal('it says of nobody')
  return { ...claims, sub }
}

function keyIn(jwk: unknown): readonly Key[] {
  if (typeof jwk !== 'object' || jwk === null) return []
  const { kid, use } = jwk as { readonly kid?: unknown; readonly use?: unknown }
  if (use !== undefined && use !== 'sig') return []
  try {
    return [
      { id: typeof kid === 'string' ? kid : null, key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }) },
    ]
  } catch {
    // Of a kind that nobody here knows: others may do.
    return []
  }
}

function jsonIn(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Parts['claims']) : null
  } catch {
    return null
  }
}

async function fetched(url: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(patience)])
    const reply = await fetch(safe(url), { signal: within, redirect: 'error' })
    const text = await reply.text()
    if (!reply.ok || text.length > largest) throw new Error(`HTTP ${reply.status}, ${text.length} characters`)
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ClawError) throw error
    throw unavailable(url, (error as Error).message, error)
  }
}

/** Keys that come unencrypted over a network are anybody's. */
function safe(url: unknown): string {
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (parsed?.protocol === 'https:') return parsed.href
  if (parsed?.protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(parsed.hostname)) return parsed.href
  throw unavailable(String(url), 'it is not reached by https')
}

const refusal = (problem: string): ClawError =>
  new ClawError('AUTH_FAILED', { reason: `the ID token is refused: ${problem}` })
const unavailable = (provider: string, detail: string, cause?: unknown): ClawError =>
  new ClawError('LOGIN_UNAVAILABLE', { provider, detail }, { cause })
