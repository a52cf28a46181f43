/** Takes HTTP/1.1 and WebSockets from outside: whoever asks is not trusted with anything that it says of itself or of the way it came. */
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressKey } from '../../lib/buckets.ts'
import { pathOf, stripped } from '../../lib/request-path.ts'
import { hostNamed } from '../../model/ingress.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type {
  IngressDoor,
  IngressDoorOptions,
  IngressGate,
  IngressTarget,
  OpenIngressDoor,
  ShownPair,
} from '../../ports/ingress-door.ts'
import { KeptLinks } from './agents.ts'
import { BodyWatch } from './body-pace.ts'
import { Certificates } from './certificates.ts'
import { listening } from './listening.ts'
import { cutOff, refuse, refuseUpgrade } from './refusal.ts'
import { Reply } from './request.ts'
import { hasBody, idleMs, serve, serveUpgrade } from './serve.ts'

const limits = {
  connections: 16_384,
  headerBytes: 16_384,
  /** From the first byte of a request to the last of its headers. */
  headersMs: 10_000,
  handshakeMs: 10_000,
  keepAliveMs: 65_000,
} as const

/** Where an authority looks whether a host is ours (RFC 8555, 8.3). */
const challenges = '/.well-known/acme-challenge/'

/** What only we may say of who asked, and what says nothing beyond one connection. */
const untrusted: ReadonlySet<string> = new Set([
  ...['x-real-ip', 'true-client-ip', 'x-client-ip', 'forwarded', 'proxy', 'x-original-url', 'x-rewrite-url'],
])

/** Many programs take an underscore for a dash. */
function isUntrusted(header: string): boolean {
  const name = header.replaceAll('_', '-')
  return name.startsWith('x-forwarded-') || untrusted.has(name)
}

type HttpServer = Server<typeof IncomingMessage, typeof Reply>

const options: ServerOptions<typeof IncomingMessage, typeof Reply> = {
  ServerResponse: Reply,
  requestTimeout: 0,
  headersTimeout: limits.headersMs,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: limits.keepAliveMs,
  maxHeaderSize: limits.headerBytes,
  insecureHTTPParser: false,
  requireHostHeader: true,
  noDelay: true,
  shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
}

export const ingressDoor: IngressDoor = {
  async open(asked, gate) {
    const certificates =
      asked.certificates === null
        ? null
        : new Certificates(asked.certificates, (problem) => gate.onCertificates(problem))
    await certificates?.open()
    const door = new Door(asked, gate, certificates)
    try {
      await door.listen(asked)
    } catch (error) {
      certificates?.close()
      throw error
    }
    return door
  },
}

class Door implements OpenIngressDoor {
  readonly server: HttpServer
  readonly #gate: IngressGate
  readonly #certificates: Certificates | null
  readonly #links = new KeptLinks()
  readonly #upgraded = new Set<Duplex>()
  /** How many connections each address has open. */
  readonly #open = new Map<string, number>()
  /** Also those that have not got as far as a request. */
  readonly #sockets = new Set<Socket>()
  readonly #bodies: BodyWatch

  constructor({ perAddress, pace }: IngressDoorOptions, gate: IngressGate, certificates: Certificates | null) {
    this.#gate = gate
    this.#certificates = certificates
    this.#bodies = new BodyWatch(pace)
    this.server = certificates === null ? createServer(options) : tlsServer(certificates)
    const { server } = this
    server.maxConnections = limits.connections
    server.timeout = idleMs
    server.on('connection', (socket: Socket) => this.#count(socket, perAddress))
    server.on('request', (request: IncomingMessage, response: Reply) => {
      this.#serve(request, response).catch((error: unknown) => {
        gate.onFailure(error)
        response.destroy()
      })
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgraded.add(socket)
      socket.once('close', () => this.#upgraded.delete(socket))
      socket.on('error', () => socket.destroy())
      this.#upgrade(request, socket, head).catch((error: unknown) => {
        gate.onFailure(error)
        socket.destroy()
      })
    })
  }

  async listen(where: IngressDoorOptions): Promise<void> {
    await listening(this.server, where)
    // Without somebody to hear of it, a connection that the system could not give us would end the daemon.
    this.server.on('error', (error) => this.#gate.onFailure(error))
    this.#bodies.open()
  }

  forget(placement: PlacementId): void {
    this.#links.forget(placement)
  }

  show(pairs: readonly ShownPair[]): void {
    try {
      this.#certificates?.show(pairs)
    } catch (error) {
      this.#gate.onFailure(error)
    }
  }

  async close(grace: Millis): Promise<void> {
    this.#certificates?.close()
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeIdleConnections()
    const late = setTimeout(() => {
      this.server.closeAllConnections()
      for (const socket of [...this.#upgraded, ...this.#sockets]) socket.destroy()
    }, grace)
    await closed
    clearTimeout(late)
    this.#bodies.close()
    this.#links.close()
  }

  #count(socket: Socket, most: number): void {
    const address = addressKey(socket.remoteAddress ?? '')
    const count = (this.#open.get(address) ?? 0) + 1
    this.#open.set(address, count)
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      const left = (this.#open.get(address) ?? 1) - 1
      if (left === 0) this.#open.delete(address)
      else this.#open.set(address, left)
    })
    if (count > most) socket.destroy()
  }

  async #serve(request: IncomingMessage, response: Reply): Promise<void> {
    if (request.url?.startsWith(challenges) === true) {
      const said = await this.#challenge(request)
      // Whoever asked may have hung up meanwhile: nobody would tell of that again.
      if (response.destroyed) return
      if (said !== null) return void response.writeHead(200, { 'content-type': 'text/plain' }).end(said)
    }
    const found = this.#find(request)
    if (found === null) return refuse(response, 400, 'it names no host, or its path is not plain')
    if (found === 'nobody') return refuse(response, 404, 'no ingress is for this host and path')
    if (found.backend === null) return refuse(response, 503, `no deployment ${found.name} takes requests`)
    if (hasBody(request)) this.#watch(request, response)
    await serve({ request, response }, found.backend, this.#links)
  }

  /** What nobody of ours has ordered may be of a deployment that orders for itself. */
  async #challenge({ headers, url = '', socket }: IncomingMessage): Promise<string | null> {
    const host = hostNamed(headers.host ?? '')
    const token = url.slice(challenges.length)
    if (host === null || !/^[A-Za-z0-9_-]{1,256}$/.test(token)) return null
    return this.#gate.challenge(host, token, addressKey(socket.remoteAddress ?? ''))
  }

  #watch(request: IncomingMessage, response: Reply): void {
    const { socket } = request
    const cut = (): void => {
      if (response.headersSent) socket.destroy()
      else cutOff(socket, 408, 'its body came too slowly')
    }
    this.#bodies.watch({ request, response, cut })
    request.once('close', () => this.#bodies.forget(request))
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const found = this.#find(request)
    if (found === null) return refuseUpgrade(socket, 400, 'it names no host, or its path is not plain')
    if (found === 'nobody') return refuseUpgrade(socket, 404, 'no ingress is for this host and path')
    if (found.backend === null) return refuseUpgrade(socket, 503, `no deployment ${found.name} takes requests`)
    await serveUpgrade({ request, socket, head }, found.backend)
  }

  /** Null for a request that nobody should have to read, and `nobody` for one that is for none. Makes it ready to be passed on. */
  #find(request: IncomingMessage): IngressTarget | 'nobody' | null {
    const { headers, url = '' } = request
    const host = isHostOnce(request) ? hostNamed(headers.host ?? '') : null
    const path = pathOf(url)
    if (host === null || path === null) return null
    const found = this.#gate.find(host, path)
    if (found === null) return 'nobody'
    for (const name of Object.keys(headers)) if (isUntrusted(name)) delete headers[name]
    if (found.strip !== null && found.strip !== '/') {
      request.url = stripped(url, found.strip)
      headers['x-forwarded-prefix'] = found.strip
    }
    return found
  }
}

function tlsServer(certificates: Certificates): HttpServer {
  const server = createTlsServer({
    ...options,
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.handshakeMs,
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => done(null, certificates.for(name)),
    // For those who name no host at all.
    ...certificates.fallback(),
  })
  certificates.onRead = () => server.setSecureContext({ ...certificates.fallback(), minVersion: 'TLSv1.2' })
  return server
}

/** Node keeps the first of two, and says nothing of the other. */
function isHostOnce({ rawHeaders }: IncomingMessage): boolean {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') count += 1
  return count === 1
}
