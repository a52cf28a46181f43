/** One try to have one request answered by one replica. */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import { createProxyServer } from 'http-proxy-3'
import { ClawError } from '../../model/failure.ts'
import type { Chosen, Outcome } from '../../ports/service-door.ts'
import { agentOver, type LinkAgent } from './agents.ts'
import { linkTo, Unreachable } from './link.ts'
import { makeSayable } from './sayable.ts'

export interface Asked {
  readonly request: IncomingMessage
  readonly response: Reply
}

/** An answer that is still to come, and who was asked for it: kept here, because looking it up for every request costs more than the rest. */
export class Reply extends ServerResponse {
  /** The one under way. */
  attempt: Attempt | null = null
  /** It stands in the headers of the request who asked: that is written there once, however many replicas they go to. */
  isForwarded = false
}

/** Longest silence of a replica. Models may think for minutes before their first word. */
const silenceMs = 600_000

interface Attempt {
  readonly startedAt: number
  /** How the length of the request's body is told. */
  readonly encoding: string | undefined
  readonly breakOff: () => void
  asked: ClientRequest | null
  answer: { readonly status: number; readonly headAt: number; readonly message: IncomingMessage } | null
}

const attemptOf = (response: object): Attempt | null => (response instanceof Reply ? response.attempt : null)

const proxy = createProxyServer({})
proxy.on('start', ({ headers }, response) => {
  // The library takes a DELETE without a length for one without a body.
  const encoding = attemptOf(response)?.encoding
  if (encoding === undefined) return
  delete headers['content-length']
  headers['transfer-encoding'] = encoding
})
proxy.on('proxyReq', (asked, _, response) => {
  const attempt = attemptOf(response)
  if (attempt === null) return
  attempt.asked = asked
  // Another protocol, which nobody has asked for: there is no answer, and no error either.
  asked.once('upgrade', (_answer, socket) => {
    socket.destroy()
    attempt.breakOff()
  })
})
proxy.on('proxyRes', (message, _, response) => {
  makeSayable(message)
  const attempt = attemptOf(response)
  if (attempt === null) return
  attempt.answer = { status: message.statusCode ?? 0, headAt: performance.now(), message }
  // The library does not tell whoever asked that the rest will never come.
  message.once('close', () => {
    if (!message.complete) response.destroy()
  })
})

export interface Passed {
  readonly outcome: Outcome
  /** A connection that had been idle was over because its peer was: a new one may be long in coming, or come to nothing. */
  readonly wasIdle?: true
}

/** What a replica is asked over: `kept` has connections that can be used again; without it, the request has one of its own. */
export interface Over {
  readonly kept: LinkAgent | null
  /** May be sent twice. What may not is sent only once a connection is open. */
  readonly isRepeatable: boolean
}

export async function passOn(asked: Asked, chosen: Chosen, { kept, isRepeatable }: Over): Promise<Passed> {
  if (kept === null || (!isRepeatable && !kept.isFresh)) return { outcome: await overOwnLink(asked, chosen, kept) }
  const { outcome, wasReused } = await over(asked, kept)
  if (outcome.type !== 'broken' || !isRepeatable || !wasReused || asked.response.headersSent) return { outcome }
  if (outcome.isPeerLost === true) return { outcome, wasIdle: true }
  // A replica may close an idle connection at any time: that says nothing of how it is.
  return { outcome: await overOwnLink(asked, chosen, null) }
}

/** Afterwards it is kept as well, where there is who keeps it. */
async function overOwnLink(asked: Asked, chosen: Chosen, kept: LinkAgent | null): Promise<Outcome> {
  try {
    const socket = await linkTo(chosen)
    if (asked.response.destroyed) {
      socket.destroy()
      return { type: 'cancelled' }
    }
    if (kept?.isFresh !== true)
      return (await over(asked, kept?.begin(socket) === true ? kept : agentOver(socket))).outcome
    // Another has come free meanwhile.
    socket.destroy()
    return (await over(asked, kept)).outcome
  } catch (error) {
    if (error instanceof Unreachable) return error.outcome
    throw error
  }
}

type Broken = Extract<Outcome, { readonly type: 'broken' }>

interface Result {
  readonly outcome: Outcome
  readonly wasReused: boolean
}

/** A target without a path: that of the request is passed on as it is. */
const target = { host: 'replica', port: 80, protocol: 'http:' }

function over({ request, response }: Asked, agent: Agent): Promise<Result> {
  // Its end has been told already, and would be waited for.
  if (response.destroyed) return Promise.resolve({ outcome: { type: 'cancelled' }, wasReused: false })
  return new Promise((resolve) => {
    const attempt: Attempt = {
      ...{ startedAt: performance.now(), encoding: request.headers['transfer-encoding'], asked: null, answer: null },
      breakOff: () => settle(broken(attempt)),
    }
    response.attempt = attempt
    const settle = (outcome: Outcome): void => {
      response.off('close', onClose)
      resolve({ outcome, wasReused: attempt.asked?.reusedSocket === true })
    }
    const onClose = (): void => settle(endOf(attempt, response))
    response.once('close', onClose)
    const options = { target, agent, xfwd: !response.isForwarded, toProxy: true, proxyTimeout: silenceMs }
    response.isForwarded = true
    proxy.web(request, response, { ...options, headers: { connection: 'keep-alive' } }, (error) => {
      if (error instanceof Unreachable) settle(error.outcome)
      else if (response.destroyed) settle(endOf(attempt, response))
      else settle({ ...broken(attempt), ...(ClawError.is(error, 'NODE_UNREACHABLE') && { isPeerLost: true }) })
    })
  })
}

const broken = ({ startedAt }: Attempt): Broken => ({ type: 'broken', latency: performance.now() - startedAt })

/** Nothing more can be said to whoever asked. */
function endOf(attempt: Attempt, response: ServerResponse): Outcome {
  const { answer, startedAt } = attempt
  if (answer === null) return { type: 'cancelled' }
  const { status, headAt, message } = answer
  if (response.writableFinished) {
    const isEndless = message.headers['content-type']?.startsWith('text/event-stream') === true
    return { type: 'answered', status, latency: (isEndless ? headAt : performance.now()) - startedAt }
  }
  return message.complete || !message.destroyed ? { type: 'cancelled' } : broken(attempt)
}
