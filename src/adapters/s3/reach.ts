/**
 * How this node reaches stores that anybody may have named: only those that its owner lets it speak to, whatever their names lead to. A name is
 * looked up once, and the connection goes to the very address that was looked at.
 */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as lookUp } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { Agent as PlainAgent, request as plain } from 'node:http'
import { Agent as SecureAgent, request as secure } from 'node:https'
import type { LookupFunction } from 'node:net'
import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { addAbortSignal, Readable } from 'node:stream'
import { matchesGlob } from '../../lib/glob.ts'

/** Says why a store may not be spoken to. */
export class Unreachable extends Error {
  readonly code = 'NOT_ALLOWED'
}

/** This host itself, and what answers only on its own link, as the services do that tell a machine in a cloud its keys. */
const local = new BlockList()
for (const [net, bits] of [['0.0.0.0', 8] as const, ['127.0.0.0', 8] as const, ['169.254.0.0', 16] as const])
  local.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [['::', 127] as const, ['fe80::', 10] as const]) local.addSubnet(net, bits, 'ipv6')
/** Where clouds that use no address of the link have the same service. */
const metadata = ['100.100.100.200', '168.63.129.16', '192.0.0.192']
for (const one of metadata) local.addAddress(one, 'ipv4')
for (const one of ['::1', 'fd00:ec2::254', 'fd20:ce::254']) local.addAddress(one, 'ipv6')

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** All that the interfaces of this host have now. */
const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address))

/** Whether it is this host, its link, or a service of its cloud. `own` are the addresses of the host. */
export function isLocal(address: string, own: readonly string[] = ownAddresses()): boolean {
  const here = new BlockList()
  for (const one of own) here.addAddress(one, familyOf(one))
  return [local, here].some((list) => list.check(address, familyOf(address)))
}

/** One keeps what it has opened for the next object. */
const agents = { plain: new PlainAgent({ keepAlive: true }), secure: new SecureAgent({ keepAlive: true }) }

/**
 * `fetch`, without redirects, for the hosts that these patterns allow: `host` or `host:port`, with `*` for anything. What is local has to be
 * named without a `*`. Fails with Unreachable.
 */
export function reachFor(hosts: readonly string[]): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const isNamed = (pattern: string): boolean =>
      [host, `${host}:${portOf(url)}`].some((one) => matchesGlob(pattern, one))
    const allowed = hosts.filter(isNamed)
    if (allowed.length === 0) throw new Unreachable(`this host may not speak to ${url.host} (setting stores.hosts)`)
    const mayBeLocal = allowed.some((pattern) => !/[*?]/.test(pattern))
    if (!mayBeLocal && isIP(host) !== 0 && isLocal(host)) throw notLocal(url)
    return answerOf(await sent(url, init, mayBeLocal ? undefined : guardedLookup(url)), init.signal ?? null)
  }
}

const portOf = ({ port, protocol }: URL): string => (port !== '' ? port : protocol === 'https:' ? '443' : '80')

const notLocal = ({ host }: URL): Unreachable =>
  new Unreachable(
    `${host} is this host itself, of its own link or where its cloud hands out keys, and is not named in stores.hosts`,
  )

/** Every address that a name has must be one that may be spoken to. */
const guardedLookup =
  (url: URL): LookupFunction =>
  (name, options: LookupOptions, done) => {
    lookUp(name, { ...options, all: true }, (error, found: readonly LookupAddress[]) => {
      const [first] = found ?? []
      if (error !== null) done(error, '', 0)
      else if (first === undefined || found.some(({ address }) => isLocal(address))) done(notLocal(url), '', 0)
      else if (options.all === true) done(null, [...found])
      else done(null, first.address, first.family)
    })
  }

function sent(url: URL, init: RequestInit, lookup: LookupFunction | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const body = bodyOf(init.body)
  const headers = Object.fromEntries(new Headers(init.headers))
  const options = {
    method: init.method ?? 'GET',
    headers: { ...headers, ...(body !== null && { 'content-length': String(body.length) }) },
    ...(init.signal instanceof AbortSignal && { signal: init.signal }),
    ...(lookup !== undefined && { lookup }),
  }
  const request =
    url.protocol === 'https:'
      ? secure(url, { ...options, agent: agents.secure })
      : plain(url, { ...options, agent: agents.plain })
  request.once('response', resolve)
  request.once('error', reject)
  request.end(body ?? undefined)
  return promise
}

function bodyOf(body: RequestInit['body']): Uint8Array | null {
  if (body === undefined || body === null) return null
  if (typeof body === 'string') return new TextEncoder().encode(body)
  if (body instanceof Uint8Array) return body
  throw new TypeError('only bytes and texts are sent to stores')
}

function answerOf(answer: IncomingMessage, signal: AbortSignal | null): Response {
  const status = answer.statusCode ?? 0
  const headers = new Headers()
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2)
    headers.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '')
  if (signal !== null) addAbortSignal(signal, answer)
  if ([101, 204, 205, 304].includes(status)) {
    answer.resume()
    return new Response(null, { status, headers })
  }
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>, { status, headers })
}
