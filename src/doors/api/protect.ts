/** What stands before every route of a listener: which names and pages may ask, how often, and who it is. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ClawError } from '../../model/failure.ts'
import type { Caller } from '../../operations/operation.ts'
import type { Denial } from '../../ports/audit.ts'
import type { AccessRules } from './access.ts'
import { isHostAllowed, isOriginAllowed } from './access.ts'
import { addressKey, Buckets } from '../../lib/buckets.ts'
import { bodyOf } from './errors.ts'
import { always, type Identities, type Shown } from './identities.ts'

/** How the listener knows who asks: a socket by who may open it, TCP by what the request shows. */
export type Guard =
  | { readonly kind: 'socket'; readonly caller: Caller }
  | {
      readonly kind: 'network'
      readonly rules: AccessRules
      readonly identities: Identities
      /** Of one identity; of one address twice as many. */
      readonly requestsPerSecond: number
    }

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route, but for those that are open to all. */
    shown: Shown | null
    /** The body as it came. */
    text: string
  }
}

/** Failed logins of one address in a minute before it hears no more. What is right is never refused. */
const mostFailures = 20

/** What tells nothing of the mesh, and how people log in. */
const isOpen = ({ method, url }: FastifyRequest): boolean =>
  (method === 'GET' && pathOf(url) === '/healthz') || (['GET', 'POST'].includes(method) && pathOf(url) === loginPath)

export const loginPath = '/api/auth/oidc'

export interface Protection {
  /** Counts a failed login of that address. Throws RATE_LIMITED when there were too many. */
  failed(request: FastifyRequest): Promise<void>
  /** Who asks for exactly that. Throws AUTH_FAILED and CLOCK_SKEW, which count against the address, and RATE_LIMITED. */
  asking(request: FastifyRequest, operation: string, input: string): Promise<Caller>
  /** Counts one more request of a connection that goes on. Throws RATE_LIMITED. */
  count(shown: Shown): void
}

type OnDenial = ((denial: Denial) => void) | undefined

/** `onDenial` is told of whoever did not show who they are. */
export function protect(app: FastifyInstance, guard: Guard, onDenial?: OnDenial): Protection {
  app.decorateRequest('shown', null)
  app.decorateRequest('text', '')
  if (guard.kind === 'socket') {
    const shown = always(guard.caller)
    app.addHook('onRequest', (request, _, done) => {
      request.shown = shown
      done()
    })
    return { count: () => {}, failed: () => Promise.resolve(), asking: () => Promise.resolve(guard.caller) }
  }
  return protectNetwork(app, guard, onDenial)
}

export const pathOf = (url: string): string => (url.split('?')[0] ?? '').slice(0, 128)

/** The operation that a path names; null where it names none. */
const operationIn = (url: string): string | null =>
  /^\/api\/(?:ops|talk)\/([\w.-]{1,64})$/.exec(pathOf(url))?.[1] ?? null

/** The operation, or the way that was tried. */
const askedFor = ({ method, url }: FastifyRequest): string => operationIn(url) ?? `${method} ${pathOf(url)}`

function protectNetwork(
  app: FastifyInstance,
  guard: Extract<Guard, { kind: 'network' }>,
  onDenial: OnDenial,
): Protection {
  const { rules, identities, requestsPerSecond } = guard
  const now = (): number => performance.now()
  const failures = app.createRateLimit({ max: mostFailures, timeWindow: 60_000 })
  const byIdentity = new Buckets(requestsPerSecond, now)
  const byAddress = new Buckets(2 * requestsPerSecond, now)
  const limit = (buckets: Buckets, key: string, who: string): void => {
    const seconds = buckets.take(key)
    if (seconds > 0) throw new ClawError('RATE_LIMITED', { who, seconds })
  }
  const failed = async (request: FastifyRequest): Promise<void> => {
    onDenial?.({ actor: `address ${addressKey(request.ip)}`, operation: askedFor(request), outcome: 'AUTH_FAILED' })
    const count = await failures(request)
    if (!count.isAllowed && count.isExceeded)
      throw new ClawError('RATE_LIMITED', { who: 'This address', seconds: Math.ceil(count.ttlInSeconds) })
  }
  app.addHook('onRequest', async (request, reply) => {
    if (!isHostAllowed(request, rules)) return misdirected(request, reply)
    if (!isOriginAllowed(request, rules))
      throw new ClawError('PERMISSION_DENIED', { action: 'use this API from a page of another site' })
    limit(byAddress, addressKey(request.ip), 'This address')
    if (isOpen(request)) return
    try {
      request.shown = identities.of(request.headers, operationIn(request.url))
    } catch (error) {
      // Where this peer has yet to hear whom the mesh knows, nobody was refused.
      if (!ClawError.is(error, 'NO_LEADER')) await failed(request)
      throw error
    }
    if (request.shown.isProven) limit(byIdentity, request.shown.id, request.shown.id)
    return
  })
  return {
    count: ({ id }) => limit(byIdentity, id, id),
    failed,
    async asking(request, operation, input) {
      const shown = required(request.shown)
      const caller = await provenBy(
        () => shown.asking(operation, input),
        () => failed(request),
      )
      // The head of a request that somebody has seen is worth nothing: only what the operator asks for counts as theirs.
      if (!shown.isProven) limit(byIdentity, shown.id, shown.id)
      return caller
    },
  }
}

/** Behind the guard of every listener. */
export function required(shown: Shown | null): Shown {
  if (shown === null) throw new ClawError('AUTH_FAILED', { reason: 'nobody was asked who this is' })
  return shown
}

async function provenBy(ask: () => Caller, failed: () => Promise<void>): Promise<Caller> {
  try {
    return ask()
  } catch (error) {
    if (ClawError.is(error, 'AUTH_FAILED')) await failed()
    throw error
  }
}

function misdirected({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = `this API does not answer for the host ${(headers.host ?? 'without a name').slice(0, 128)}`
  return reply.code(421).send(bodyOf(new ClawError('INVALID_REQUEST', { problem })))
}
