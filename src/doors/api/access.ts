/** Who may talk to the API over TCP at all: pages of other sites may not, and names that are not ours may not. */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

export interface AccessRules {
  /** Names and addresses that the Host header may carry, in lower case and without port. */
  readonly hosts: ReadonlySet<string>
  readonly isEncrypted: boolean
}

/** Names under which a loopback listener is reached. Others are DNS rebinding, or a mistake. */
export const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/** `127.0.0.1:8080` and `[::1]:8080` without their ports. */
export const hostOf = (header: string): string => header.toLowerCase().replace(/:\d+$/, '')

type Head = Pick<FastifyRequest, 'headers' | 'raw' | 'socket'>

/** Besides the names that are known, the very address that was connected to: no name of somebody else's leads there. */
export function isHostAllowed({ headers, raw, socket }: Head, { hosts }: AccessRules): boolean {
  const named = namesIn(raw)
  // Whoever says two things may mean the other one.
  if (headers.host === undefined || named.length !== 1) return false
  const host = hostOf(named[0] ?? '')
  if (hosts.has(host)) return true
  const address = host.replace(/^\[|\]$/g, '')
  return isIP(address) !== 0 && address === socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, '')
}

/** All that a request says of whom it is for, in its Host headers and in a URL that is a whole one. */
function namesIn({ rawHeaders, url = '' }: IncomingMessage): readonly string[] {
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host')
  if (url.startsWith('/')) return hosts
  const whole = URL.parse(url)?.host ?? ''
  return [...new Set([...hosts, whole].map((name) => name.toLowerCase()))]
}

/** A browser names the page that asks. Only pages that this API itself served may; there is no cross-origin use at all. */
export function isOriginAllowed({ headers }: FastifyRequest, { isEncrypted }: AccessRules): boolean {
  const { origin, host } = headers
  if (origin === undefined) return headers['sec-fetch-site'] !== 'cross-site'
  return origin.toLowerCase() === `${isEncrypted ? 'https' : 'http'}://${host?.toLowerCase() ?? ''}`
}
