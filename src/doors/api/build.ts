/** One HTTP server of the API: the routes of every operation, guarded as its listener needs. Building opens nothing. */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import { ClawError, isClawError } from '../../model/failure.ts'
import { findOperation } from '../../operations/known.ts'
import type { Invoker } from '../../operations/invoker.ts'
import { metricsScrape } from '../../operations/mesh/metrics-scrape.ts'
import type { Operation } from '../../operations/operation.ts'
import { operations } from '../../operations/registry.ts'
import type { Denial } from '../../ports/audit.ts'
import type { Log } from '../../ports/log.ts'
import type { LoginDesk } from '../../services/login/login-desk.ts'
import { bodyLimit, bodyOf, failureOf, statusOf } from './errors.ts'
import { sendItems } from './ndjson.ts'
import { openApi } from './openapi.ts'
import { isSigned, meshHeader } from '../../wire/signed-request.ts'
import { type Guard, pathOf, protect, type Protection, required } from './protect.ts'
import { addLogin } from './login-route.ts'
import { inputFrom } from './query.ts'
import { sendEvents } from './sse.ts'
import { TalkSocket } from './talk-socket.ts'
import { refuseUnreadable } from './unreadable.ts'
import { Watch } from './watch.ts'
import type { SocketDeps } from './websocket.ts'
import { ApiSocket } from './websocket.ts'

export interface ApiDeps {
  readonly invoker: Invoker
  readonly log: Log
  /** Version of the daemon, for the OpenAPI document. */
  readonly version: string
  /** How people log in by an identity provider; left out where they do not. */
  readonly login?: Pick<LoginDesk, 'settings' | 'login'> | undefined
  /** The mesh of this peer; undefined while it does not know it. */
  readonly mesh?: () => string | undefined
  /** Told of whoever did not show who they are. */
  readonly onDenial?: (denial: Denial) => void
}

/** Connections at a time, WebSockets included, which never take all of them: requests are still answered then. */
const mostConnections = 1_500
const mostSockets = 1_000
/** How long a client may take over the head of a request, and how often such are looked for. */
const headersTimeout = 10_000
/** How long the figures may take. */
const scrapeTimeout = 10_000
const lookEvery = 2_000

/** What HTTPS is served with, PEM. */
export interface Tls {
  readonly certificate: string
  readonly key: string
}

export async function buildApi(deps: ApiDeps, guard: Guard, tls: Tls | null = null): Promise<FastifyInstance> {
  const onBug = (error: unknown): void => {
    deps.log.error('a request failed unexpectedly', { error: error instanceof Error ? error.stack : String(error) })
  }
  const failure = (error: unknown): ClawError => failureOf(error, onBug)
  const refuse = (error: unknown, _: unknown, reply: FastifyReply): void => {
    const expected = failure(error)
    if (ClawError.is(expected, 'RATE_LIMITED')) reply.header('retry-after', expected.facts.seconds ?? 1)
    reply.code(codeFor(error, expected)).send(bodyOf(expected))
  }
  const app = makeServer(tls, {
    bodyLimit,
    // A URL that cannot be decoded never comes to a route, nor to the handler of their errors.
    frameworkErrors: refuse,
    clientErrorHandler: refuseUnreadable,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
  })
  app.server.maxConnections = mostConnections
  await app.register(rateLimit, { global: false })
  await app.register(websocket, {
    options: {
      server: upgradesOf(app),
      maxPayload: bodyLimit,
      handleProtocols: (offered) => [...offered].find((name) => name === subprotocol) ?? false,
    },
  })
  app.addHook('onRequest', (request, _, next) => {
    requireMesh(request, deps.mesh?.())
    next()
  })
  const protection = protect(app, guard, deps.onDenial)
  keepText(app)
  app.setErrorHandler(refuse)
  app.setNotFoundHandler((request) => {
    throw new ClawError('OPERATION_NOT_FOUND', { operation: `${request.method} ${pathOf(request.url)}` })
  })
  app.get('/healthz', () => ({ status: 'ok' }))
  addRoutes(app, { deps, failure, protection, watch: new Watch() })
  addLogin(app, deps.login, protection)
  return app
}

/** Whoever says which mesh they mean is to have nothing done in another. What is signed says so itself. */
function requireMesh({ headers }: FastifyRequest, mesh: string | undefined): void {
  const meant = headers[meshHeader]
  if (typeof meant !== 'string' || mesh === undefined || meant === mesh || isSigned(headers)) return
  const address = (headers.host ?? 'this peer').slice(0, 128)
  throw new ClawError('MESH_CHANGED', { address, known: meant.slice(0, 128), found: mesh })
}

/** Browsers must name the protocol that they want in return for carrying the token in another. */
const subprotocol = 'clawbernetes.v1'

function makeServer(tls: Tls | null, options: FastifyServerOptions): FastifyInstance {
  const http = { headersTimeout, connectionsCheckingInterval: lookEvery }
  if (tls === null) return Fastify({ ...options, http })
  const https = { ...http, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' as const }
  return Fastify({ ...options, https } as FastifyServerOptions)
}

/** Only a GET can become a WebSocket. Of anything else the plugin would close the connection without a word. */
function upgradesOf({ server }: FastifyInstance): Server {
  const upgrades = new EventEmitter()
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.method === 'GET') return void upgrades.emit('upgrade', request, socket, head)
    // Node listens to it no more.
    socket.on('error', () => socket.destroy())
    refuseUnreadable(Object.assign(new Error('it is no GET'), { code: 'NO_UPGRADE' }), socket)
  })
  return upgrades as Server
}

/** A signature is of the body as it came. */
function keepText(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.text = body
    return parse(request, body, done)
  })
}

/** Fastify's own refusals know their status better than their kind does. */
function codeFor(error: unknown, expected: ClawError): number {
  const { statusCode } = error as { readonly statusCode?: number }
  return isClawError(error) || statusCode === undefined || statusCode >= 500 ? statusOf(expected) : statusCode
}

interface Routing {
  readonly deps: ApiDeps
  readonly failure: (error: unknown) => ClawError
  readonly protection: Protection
  readonly watch: Watch
}

function addRoutes(app: FastifyInstance, routing: Routing): void {
  const { deps, failure, protection, watch } = routing
  const known: readonly Operation[] = operations
  app.get('/metrics', async ({ shown }, reply) => {
    const asker = { caller: required(shown).asking(metricsScrape.name, ''), signal: AbortSignal.timeout(scrapeTimeout) }
    const { text } = metricsScrape.output.parse(await deps.invoker.invoke(metricsScrape.name, {}, asker))
    return reply.type('text/plain; version=0.0.4').send(text)
  })
  app.get('/api/openapi.json', () => openApi(known, deps.version))
  app.post('/api/ops/:name', (request, reply) => {
    const operation = findOperation((request.params as { name: string }).name)
    return answer(operation, request.body ?? {}, { request, reply, ...routing })
  })
  for (const operation of known) {
    if (operation.rest === undefined) continue
    const { method, path: url } = operation.rest
    app.route({
      method,
      url,
      handler: (request, reply) =>
        answer(operation, inputFrom(operation.input, request), { request, reply, ...routing }),
    })
  }
  const talking = (request: FastifyRequest): SocketDeps => ({
    invoker: deps.invoker,
    shown: required(request.shown),
    asking: (operation, input) => protection.asking(request, operation, input),
    ...{ failure, protection, watch },
  })
  const preValidation = async (): Promise<void> => {
    if (app.websocketServer.clients.size >= mostSockets)
      throw new ClawError('TOO_MANY_CONNECTIONS', { limit: mostSockets })
    return Promise.resolve()
  }
  app.get('/api/ws', { websocket: true, preValidation }, (socket, request) => {
    new ApiSocket(socket, talking(request))
  })
  app.get('/api/talk/:name', { websocket: true, preValidation }, (socket, request) => {
    new TalkSocket(socket, (request.params as { name: string }).name, talking(request))
  })
}

interface Exchange extends Routing {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** One for all requests: an error of its own for each would cost a stack each time. */
const hungUp = new DOMException('the caller is gone', 'AbortError')

const wantsEvents = ({ headers }: FastifyRequest, input: unknown): boolean =>
  headers.accept?.includes('text/event-stream') === true ||
  (typeof input === 'object' && input !== null && 'follow' in input && input.follow === true)

async function answer(operation: Operation, input: unknown, exchange: Exchange): Promise<void> {
  const { request, reply, deps, failure, protection } = exchange
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort(hungUp))
  const asker = { caller: await protection.asking(request, operation.name, request.text), signal: gone.signal }
  try {
    const events = operation.kind === 'unary' && wantsEvents(request, input) ? operation.events : undefined
    if (events !== undefined) {
      const items = deps.invoker.open(events.stream, events.input(input), asker)
      await sendEvents(reply, events.name, { items, failure })
      return
    }
    if (operation.kind === 'unary') {
      const output = await deps.invoker.invoke(operation.name, input, asker)
      await reply
        .type('application/json; charset=utf-8')
        .header('claw-index', deps.invoker.applied)
        .send(JSON.stringify(output))
      return
    }
    if (operation.kind === 'duplex')
      throw new ClawError('INVALID_REQUEST', {
        problem: `${operation.name} is a conversation: open a WebSocket at /api/talk/${operation.name}`,
      })
    await sendItems(reply, { items: deps.invoker.open(operation.name, input, asker), failure })
  } catch (error) {
    // Whoever asked is gone: there is nobody to tell.
    if (!gone.signal.aborted) throw error
    reply.hijack()
  }
}
