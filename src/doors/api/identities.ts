/** Who asks, as the head of a request shows it: by a token, by an API key, or by an operator’s signature. */
import type { IncomingHttpHeaders } from 'node:http'
import { isApiKeySecret, keyOfSecret } from '../../core/access/api-key.ts'
import { isStranger, standingOf, unknownHere } from '../../core/access/standing.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { callerOf } from '../../operations/caller.ts'
import type { Caller } from '../../operations/operation.ts'
import type { SignatureDesk } from '../../operations/signed/signature-desk.ts'
import { isSigned, signatureIn } from '../../wire/signed-request.ts'

/** One that was shown, for as long as it counts. */
export interface Shown {
  /** Whose share of the requests it uses. */
  readonly id: string
  /** Whether that is proven; a signature is only once its request is. Until then, it is the address that asks. */
  readonly isProven: boolean
  /** Who that is now. Throws AUTH_FAILED when it counts no more. */
  current(): Caller
  /** Who asks for exactly that: a signature is good for one request. Throws AUTH_FAILED and CLOCK_SKEW. */
  asking(operation: string, input: string): Caller
}

export interface Identities {
  /** Throws AUTH_FAILED and CLOCK_SKEW. `operation` is the one that the path names; null where it names none. */
  of(headers: IncomingHttpHeaders, operation: string | null): Shown
}

export interface IdentitiesDeps {
  readonly self: NodeId
  state(): MeshState
  now(): number
  checkToken(text: string): boolean
  readonly signatures: Pick<SignatureDesk, 'mesh' | 'check' | 'take'>
  /** An API key was used. */
  onUse(key: string): void
}

/** WebSockets of browsers cannot send headers of their own, but can name protocols; URLs end up in logs and are no place for secrets. */
const protocolPrefix = 'bearer.'
/** Longer ones are nobody’s. */
const longest = 512

export function identitiesOf(deps: IdentitiesDeps): Identities {
  return {
    of(headers, operation) {
      if (isSigned(headers)) return signedBy(headers, operation, deps)
      const secret = secretIn(headers)
      if (secret === null) throw unknown('there is no bearer token and no signature', deps)
      return bearerOf(secret.slice(0, longest + 1), deps)
    },
  }
}

function secretIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const key = headers['x-api-key']
  if (typeof key === 'string' && key !== '') return key.trim()
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.find((name) => name.startsWith(protocolPrefix))?.slice(protocolPrefix.length) ?? null
}

function bearerOf(secret: string, deps: IdentitiesDeps): Shown {
  const wrong = (): ClawError => unknown('the bearer token is not the right one', deps)
  if (secret.length > longest) throw wrong()
  if (!isApiKeySecret(secret)) {
    if (!deps.checkToken(secret)) throw wrong()
    return always(callerOf({ kind: 'token' }))
  }
  const current = (): Caller => {
    const key = keyOfSecret(deps.state(), secret, deps.now())
    if (key === undefined) {
      const known = unknownHere(deps.state(), deps.self, 'there is no such key')
      throw known.code === 'AUTH_FAILED' ? wrong() : known
    }
    return standing(callerOf({ kind: 'apikey', key: key.id }), deps)
  }
  const caller = current()
  if (caller.identity.kind === 'apikey') deps.onUse(caller.identity.key)
  return { id: caller.id, isProven: true, current, asking: current }
}

/** Throws AUTH_FAILED for whom the mesh knows no more, or lets in no more. */
function standing(caller: Caller, { state, now, self }: IdentitiesDeps): Caller {
  const found = standingOf(state(), { identity: caller.identity }, { at: now(), self })
  if (isStranger(found)) throw unknownHere(state(), self, found.problem)
  return caller
}

/** Of a credential that is the host’s own. */
export const always = (caller: Caller): Shown => ({
  ...{ id: caller.id, isProven: true },
  current: () => caller,
  asking: () => caller,
})

function signedBy(headers: IncomingHttpHeaders, operation: string | null, deps: IdentitiesDeps): Shown {
  const { signatures } = deps
  const signed = signatureIn(headers)
  if (signed === null)
    throw unknown('the signature is not of the form that is taken; see docs/protocol.md#signed-requests', deps)
  if (operation === null) throw unknown('only requests to /api/ops/NAME and /api/talk/NAME can be signed', deps)
  signatures.check(operation, signed)
  const caller = callerOf({ kind: 'operator', key: signed.key })
  const current = (): Caller => standing(caller, deps)
  const asking = (name: string, input: string): Caller => {
    const proof = signatures.take({ ...signed, operation: name, input })
    return { ...current(), proof }
  }
  return { id: caller.id, isProven: false, current, asking }
}

/** Whoever signs has to say for which mesh. */
function unknown(reason: string, { signatures }: IdentitiesDeps): ClawError {
  const { mesh } = signatures
  return new ClawError('AUTH_FAILED', { reason, ...(mesh === undefined ? {} : { mesh }) })
}
