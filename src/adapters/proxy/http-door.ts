/** Passes HTTP/1.1 requests and WebSockets on to the replicas of one deployment. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Backend, OpenDoor } from '../../ports/service-door.ts'
import { KeptLinks } from './agents.ts'
import { Reply } from './request.ts'
import { idleMs, serve, serveUpgrade } from './serve.ts'

const limits = { connections: 4_096, headersMs: 30_000, keepAliveMs: 65_000 } as const

export class HttpDoor implements OpenDoor {
  readonly server: Server<typeof IncomingMessage, typeof Reply>
  readonly #links = new KeptLinks()
  readonly #upgraded = new Set<Duplex>()

  constructor(backend: Backend, onFailure: (error: unknown) => void) {
    const server = createServer({
      ServerResponse: Reply,
      requestTimeout: 0,
      headersTimeout: limits.headersMs,
      keepAliveTimeout: limits.keepAliveMs,
      noDelay: true,
      // Others are asked for less than they offer, and answer as if they had not been asked.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    })
    server.maxConnections = limits.connections
    server.timeout = idleMs
    server.on('request', (request: IncomingMessage, response: Reply) => {
      serve({ request, response }, backend, this.#links).catch((error: unknown) => {
        onFailure(error)
        response.destroy()
      })
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgraded.add(socket)
      socket.once('close', () => this.#upgraded.delete(socket))
      socket.on('error', () => socket.destroy())
      serveUpgrade({ request, socket, head }, backend).catch((error: unknown) => {
        onFailure(error)
        socket.destroy()
      })
    })
    this.server = server
  }

  forget(placement: PlacementId): void {
    this.#links.forget(placement)
  }

  async close(grace: Millis): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeIdleConnections()
    const late = setTimeout(() => {
      this.server.closeAllConnections()
      for (const socket of this.#upgraded) socket.destroy()
    }, grace)
    await closed
    clearTimeout(late)
    this.#links.close()
  }
}
