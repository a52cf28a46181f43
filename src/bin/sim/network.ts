/**
 * The wires between the peers of a simulation. Each peer has an address of its own on loopback, which others connect to and which its own
 * connections come from; behind it is a small proxy. So each connection is known by its two ends, and can be frozen or made slow.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Millis } from '../../model/time.ts'
import { ClawError } from '../../model/failure.ts'
import { type Flow, flow } from './flow.ts'

/** Where others connect to, at the peer's address. */
export const outerPort = 4710
/** Where the daemon itself listens. */
export const innerPort = 4711

export interface Network {
  /** Opens the peer's wire. Throws CONFIG_INVALID where this system has no such address. */
  attach(peer: string, address: string): Promise<void>
  /** Nothing goes between these peers and all others until the function is called. Nobody is told. */
  cut(peers: readonly string[]): () => void
  /** All that these peers send or get takes so much longer, until the function is called. */
  slow(peers: readonly string[], latency: Millis): () => void
  close(): Promise<void>
}

interface Wire {
  readonly from: string | null
  readonly to: string
  readonly flows: readonly Flow[]
}

export function openNetwork(): Network {
  const names = new Map<string, string>()
  const servers: Server[] = []
  const wires = new Set<Wire>()
  const cuts = new Set<ReadonlySet<string>>()
  const delays = new Set<{ readonly peers: ReadonlySet<string>; readonly latency: Millis }>()

  const apply = ({ from, to, flows }: Wire): void => {
    const isCut = [...cuts].some((side) => from !== null && side.has(from) !== side.has(to))
    const latency = [...delays]
      .filter(({ peers }) => peers.has(to) || (from !== null && peers.has(from)))
      .reduce((sum, delay) => sum + delay.latency, 0)
    for (const each of flows) each.set({ isFrozen: isCut, latency })
  }
  const applyAll = (): void => {
    for (const wire of wires) apply(wire)
  }
  const join = (near: Socket, to: string, address: string): void => {
    const from = names.get(near.remoteAddress ?? '') ?? null
    // The daemon sees the address of the peer that connects, as it would without the proxy.
    const local = from === null ? {} : { localAddress: near.remoteAddress }
    const far = connect({ host: address, port: innerPort, noDelay: true, ...local })
    near.setNoDelay(true)
    const wire = { from, to, flows: [flow(near, far), flow(far, near)] }
    wires.add(wire)
    apply(wire)
    for (const socket of [near, far])
      socket.once('close', () => {
        if (near.destroyed && far.destroyed) wires.delete(wire)
      })
  }
  const during = <T>(all: Set<T>, one: T): (() => void) => {
    all.add(one)
    applyAll()
    return () => {
      all.delete(one)
      applyAll()
    }
  }
  return {
    async attach(peer, address) {
      names.set(address, peer)
      const server = createServer((near) => join(near, peer, address))
      servers.push(server)
      await listening(server, address)
    },
    cut: (peers) => during<ReadonlySet<string>>(cuts, new Set(peers)),
    slow: (peers, latency) => during(delays, { peers: new Set(peers), latency }),
    async close() {
      for (const { flows } of wires) for (const each of flows) each.end()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

function listening(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRNOTAVAIL') return reject(error)
      const problem = `${address} is no address of this system, and each peer needs one of its own (Linux has all of 127.0.0.0/8)`
      reject(new ClawError('CONFIG_INVALID', { file: 'the loopback network', problem }, { cause: error }))
    })
    server.listen(outerPort, address, resolve)
  })
}
