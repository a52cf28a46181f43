/** One try to have a WebSocket opened by one replica, and its bytes passed on both ways until either side closes it. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createProxyServer } from 'http-proxy-3'
import type { Chosen, Outcome } from '../../ports/service-door.ts'
import { agentOver } from './agents.ts'
import { linkTo, Unreachable } from './link.ts'

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** Longest wait for the answer to a handshake. */
const handshakeMs = 30_000

const proxy = createProxyServer({})
// What goes wrong with a socket ends it, and its end is listened for.
proxy.on('error', () => {})
const target = { host: 'replica', port: 80, protocol: 'http:' }

/** What the replica said first, by the socket of whoever asked. */
const answers = new WeakMap<object, { readonly status: number; readonly at: number }>()
proxy.on('proxyReqWs', (asked, _, socket) => {
  const note = ({ statusCode = 0 }: IncomingMessage): void => {
    answers.set(socket, { status: statusCode, at: performance.now() })
  }
  asked.once('upgrade', note)
  asked.once('response', (answer) => {
    note(answer)
    keepPace(answer, socket)
  })
})

/** The library writes an answer that is no WebSocket as fast as it comes, and waits for its end for ever. */
function keepPace(answer: IncomingMessage, socket: Duplex): void {
  answer.on('data', () => {
    if (!socket.writableNeedDrain) return
    answer.pause()
    socket.once('drain', () => answer.resume())
  })
  answer.once('close', () => {
    if (!answer.complete) socket.destroy()
  })
}

export async function passUpgradeOn({ request, socket, head }: Upgrade, chosen: Chosen): Promise<Outcome> {
  const startedAt = performance.now()
  let link: Duplex
  try {
    link = await linkTo(chosen)
  } catch (error) {
    if (error instanceof Unreachable) return error.outcome
    throw error
  }
  if (socket.destroyed) {
    link.destroy()
    return { type: 'cancelled' }
  }
  return new Promise((resolve) => {
    let isBroken = false
    const breakOff = (): void => {
      isBroken = true
      socket.destroy()
    }
    const late = setTimeout(() => {
      if (!answers.has(socket)) breakOff()
    }, handshakeMs)
    socket.once('close', () => {
      clearTimeout(late)
      link.destroy()
      const answer = answers.get(socket)
      if (answer !== undefined) resolve({ type: 'answered', status: answer.status, latency: answer.at - startedAt })
      else resolve(isBroken ? { type: 'broken', latency: performance.now() - startedAt } : { type: 'cancelled' })
    })
    const options = { target, agent: agentOver(link), xfwd: true, toProxy: true }
    proxy.ws(request, socket, head, options, breakOff)
  })
}
