/** One HTTP server of the API: the routes of every operation, guarded as its listener needs. Building opens nothing. */
import rateLimit from '@fastify/rate-limit'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ClawError, isClawError } from '../../model/failure.ts'
import { callerOf } from '../../operations/caller.ts'
import { findOperation } from '../../operations/invoke.ts'
import type { Invoker } from '../../operations/invoke.ts'
import type { Caller, Operation } from '../../operations/operation.ts'
import { operations } from '../../operations/registry.ts'
import type { Log } from '../../ports/log.ts'
import type { AccessRules } from './access.ts'
import { isHostAllowed, isOriginAllowed, requireToken } from './access.ts'
import { bodyLimit, bodyOf, failureOf, statusOf } from './errors.ts'
import { sendItems } from './ndjson.ts'
import { openApi } from './openapi.ts'
import { inputFrom } from './query.ts'
import { sendEvents } from './sse.ts'
import { TalkSocket } from './talk-socket.ts'
import { refuseUnreadable } from './unreadable.ts'
import { ApiSocket } from './websocket.ts'

export interface ApiDeps {
  readonly invoker: Invoker
  readonly log: Log
  /** Version of the daemon, for the OpenAPI document. */
  readonly version: string
  /** The daemon's metrics in Prometheus' text format. */
  scrape(): Promise<string>
}

/** How the listener knows who asks: a socket by who may open it, TCP by the token. */
export type Guard = { readonly kind: 'socket' } | { readonly kind: 'token'; readonly rules: AccessRules }

/** Connections at a time, WebSockets included, which never take all of them: requests are still answered then. */
const mostConnections = 1_500
const mostSockets = 1_000
/** Failed logins of one address in a minute before it hears no more. The right token is never refused. */
const mostFailures = 20

export async function buildApi(deps: ApiDeps, guard: Guard): Promise<FastifyInstance> {
  const onBug = (error: unknown): void => {
    deps.log.error('a request failed unexpectedly', { error: error instanceof Error ? error.stack : String(error) })
  }
  const failure = (error: unknown): ClawError => failureOf(error, onBug)
  const refuse = (error: unknown, _: unknown, reply: FastifyReply): void => {
    const expected = failure(error)
    reply.code(codeFor(error, expected)).send(bodyOf(expected))
  }
  const app = Fastify({
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
      maxPayload: bodyLimit,
      handleProtocols: (offered) => [...offered].find((name) => name === subprotocol) ?? false,
    },
  })
  protect(app, guard)
  app.setErrorHandler(refuse)
  app.setNotFoundHandler((request) => {
    throw new ClawError('OPERATION_NOT_FOUND', { operation: `${request.method} ${pathOf(request.url)}` })
  })
  app.get('/healthz', () => ({ status: 'ok' }))
  addRoutes(app, { deps, caller: callerAt(guard), failure })
  return app
}

/** Browsers must name the protocol that they want in return for carrying the token in another. */
const subprotocol = 'clawbernetes.v1'

const pathOf = (url: string): string => (url.split('?')[0] ?? '').slice(0, 128)

const callerAt = ({ kind }: Guard): Caller => callerOf({ kind })

/** Fastify's own refusals know their status better than their kind does. */
function codeFor(error: unknown, expected: ClawError): number {
  const { statusCode } = error as { readonly statusCode?: number }
  return isClawError(error) || statusCode === undefined || statusCode >= 500 ? statusOf(expected) : statusCode
}

function protect(app: FastifyInstance, guard: Guard): void {
  if (guard.kind === 'socket') return
  const failures = app.createRateLimit({ max: mostFailures, timeWindow: 60_000 })
  app.addHook('onRequest', async (request, reply) => {
    if (!isHostAllowed(request, guard.rules)) {
      const problem = `this API does not answer for the host ${(request.headers.host ?? 'without a name').slice(0, 128)}`
      return reply.code(421).send(bodyOf(new ClawError('INVALID_REQUEST', { problem })))
    }
    if (!isOriginAllowed(request))
      throw new ClawError('PERMISSION_DENIED', { action: 'use this API from a page of another site' })
    if (request.method === 'GET' && pathOf(request.url) === '/healthz') return
    try {
      requireToken(request, guard.rules)
    } catch (error) {
      const count = await failures(request)
      if (!count.isAllowed && count.isExceeded) throw new ClawError('RATE_LIMITED', { who: 'This address' })
      throw error
    }
    return
  })
}

interface Routing {
  readonly deps: ApiDeps
  readonly caller: Caller
  readonly failure: (error: unknown) => ClawError
}

function addRoutes(app: FastifyInstance, routing: Routing): void {
  const { deps, caller, failure } = routing
  const known: readonly Operation[] = operations
  app.get('/metrics', async (_, reply) => reply.type('text/plain; version=0.0.4').send(await deps.scrape()))
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
  const talking = { invoker: deps.invoker, caller, failure }
  const preValidation = async (): Promise<void> => {
    if (app.websocketServer.clients.size >= mostSockets)
      throw new ClawError('TOO_MANY_CONNECTIONS', { limit: mostSockets })
    return Promise.resolve()
  }
  app.get('/api/ws', { websocket: true, preValidation }, (socket) => {
    new ApiSocket(socket, talking)
  })
  app.get('/api/talk/:name', { websocket: true, preValidation }, (socket, request) => {
    new TalkSocket(socket, (request.params as { name: string }).name, talking)
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
  const { request, reply, deps, caller, failure } = exchange
  const gone = new AbortController()
  reply.raw.once('close', () => {
    gone.abort(hungUp)
  })
  const asker = { caller, signal: gone.signal }
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
