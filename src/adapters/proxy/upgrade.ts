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
  asked.once('response', note)
})

export async function passUpgradeOn({ request, socket, head }: Upgrade, chosen: Chosen): Promise<Outcome> {
  const startedAt = performance.now()
  let link: Duplex
  try {
    link = await linkTo(chosen)
  } catch (error) {
    if (error instanceof Unreachable) return { type: 'unreachable' }
    throw error
  }
  if (socket.destroyed) {
    link.destroy()
    return { type: 'cancelled' }
  }
  return new Promise((resolve) => {
    socket.once('close', () => {
      link.destroy()
      const answer = answers.get(socket)
      resolve(
        answer === undefined
          ? { type: 'broken', latency: performance.now() - startedAt }
          : { type: 'answered', status: answer.status, latency: answer.at - startedAt },
      )
    })
    const options = { target, agent: agentOver(link), xfwd: true, toProxy: true }
    proxy.ws(request, socket, head, options, () => socket.destroy())
  })
}
