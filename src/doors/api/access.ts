/** Who may talk to the API over TCP: pages of other sites may not, names that are not ours may not, nobody may without the token. */
import type { FastifyRequest } from 'fastify'
import { ClawError } from '../../model/failure.ts'

export interface AccessRules {
  /** Names and addresses that the Host header may carry, in lower case and without port. */
  readonly hosts: ReadonlySet<string>
  checkToken(text: string): boolean
}

/** Names under which a loopback listener is reached. Others are DNS rebinding, or a mistake. */
export const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/** `127.0.0.1:8080` and `[::1]:8080` without their ports. */
export const hostOf = (header: string): string => header.toLowerCase().replace(/:\d+$/, '')

export function isHostAllowed({ headers }: FastifyRequest, { hosts }: AccessRules): boolean {
  return headers.host !== undefined && hosts.has(hostOf(headers.host))
}

/** A browser names the page that asks. Only pages that this API itself served may; there is no cross-origin use at all. */
export function isOriginAllowed({ headers }: FastifyRequest): boolean {
  const { origin, host } = headers
  if (origin === undefined) return headers['sec-fetch-site'] !== 'cross-site'
  return origin.toLowerCase() === `http://${host?.toLowerCase() ?? ''}`
}

/** WebSockets of browsers cannot send headers of their own, but can name protocols; URLs end up in logs and are no place for secrets. */
const protocolPrefix = 'bearer.'

function presentedToken({ headers }: FastifyRequest): string | null {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.find((name) => name.startsWith(protocolPrefix))?.slice(protocolPrefix.length) ?? null
}

/** Throws AUTH_FAILED unless the request carries the right token. */
export function requireToken(request: FastifyRequest, { checkToken }: AccessRules): void {
  const token = presentedToken(request)
  if (token === null) throw new ClawError('AUTH_FAILED', { reason: 'there is no bearer token' })
  if (!checkToken(token)) throw new ClawError('AUTH_FAILED', { reason: 'the bearer token is not the right one' })
}
