/**
 * Passes HTTP/1.1 requests and WebSockets on to replicas. Until something was sent, any request can go to another replica; afterwards only
 * one that may be sent twice, as long as nothing of an answer has come.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Backend, Chosen, OpenDoor } from '../../ports/service-door.ts'
import { KeptLinks } from './agents.ts'
import { refuse, refuseUpgrade } from './refusal.ts'
import { passOn } from './request.ts'
import { passUpgradeOn } from './upgrade.ts'

const limits = { connections: 4_096, headersMs: 30_000, keepAliveMs: 65_000, idleMs: 600_000 } as const

/** So many replicas that break off, and it is the request: another would break as well. */
const mostBroken = 2

/** May be sent twice, and carries nothing that would have to be kept for that. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export class HttpDoor implements OpenDoor {
  readonly server: Server
  readonly #backend: Backend
  readonly #links = new KeptLinks()
  readonly #upgraded = new Set<Duplex>()

  constructor(backend: Backend) {
    this.#backend = backend
    const server = createServer({
      requestTimeout: 0,
      headersTimeout: limits.headersMs,
      keepAliveTimeout: limits.keepAliveMs,
      noDelay: true,
      // Others are asked for less than they offer, and answer as if they had not been asked.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    })
    server.maxConnections = limits.connections
    server.timeout = limits.idleMs
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined)
      })
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgraded.add(socket)
      socket.once('close', () => this.#upgraded.delete(socket))
      socket.on('error', () => socket.destroy())
      this.#upgrade(request, socket, head).catch((error: unknown) => {
        socket.destroy(error instanceof Error ? error : undefined)
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

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Node has answered that already.
    delete request.headers.expect
    const isRepeatable = repeatable.has(request.method ?? '') && !hasBody(request)
    const tried = new Set<PlacementId>()
    /** Asked once more when nobody else is left: its peer may be back. */
    const lost = new Set<PlacementId>()
    /** How often it broke a connection, and whether one was broken at all. */
    let [broken, isBroken] = [0, false]
    for (let chosen = this.#next(tried, lost); chosen !== null; chosen = this.#next(tried, lost)) {
      const { placement } = chosen
      const kept = isRepeatable && !lost.has(placement) ? this.#links.agentFor(chosen) : null
      const { outcome, wasIdle } = await passOn({ request, response }, chosen, kept)
      chosen.settle(outcome)
      tried.add(placement)
      if (wasIdle === true) lost.add(placement)
      else lost.delete(placement)
      if (outcome.type === 'answered' || outcome.type === 'cancelled') return
      if (response.headersSent) return void response.destroy()
      if (outcome.type === 'broken' && outcome.latency >= limits.idleMs)
        return refuse(response, 504, `no answer from ${this.#backend.name} within ${limits.idleMs / 1_000} s`)
      if (outcome.type !== 'broken') continue
      isBroken = true
      if (outcome.isPeerLost !== true) broken += 1
      if (broken >= mostBroken || !isRepeatable) break
    }
    if (isBroken) return refuse(response, 502, `the connection to a replica of ${this.#backend.name} broke`)
    this.#backend.unserved()
    refuse(response, 503, nobody(this.#backend.name, tried))
  }

  #next(tried: Set<PlacementId>, lost: ReadonlySet<PlacementId>): Chosen | null {
    const other = this.#backend.choose(tried)
    if (other !== null || lost.size === 0) return other
    return this.#backend.choose(tried.difference(lost))
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const tried = new Set<PlacementId>()
    for (
      let chosen: Chosen | null = this.#backend.choose(tried);
      chosen !== null;
      chosen = this.#backend.choose(tried)
    ) {
      tried.add(chosen.placement)
      const outcome = await passUpgradeOn({ request, socket, head }, chosen)
      chosen.settle(outcome)
      if (outcome.type !== 'unreachable') return
    }
    this.#backend.unserved()
    refuseUpgrade(socket, 503, nobody(this.#backend.name, tried))
  }
}

const nobody = (name: string, tried: ReadonlySet<PlacementId>): string =>
  tried.size === 0 ? `no replica of ${name} is ready` : `no replica of ${name} could be reached`

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
