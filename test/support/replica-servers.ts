/** Small HTTP servers that stand for replicas, and a backend that chooses among them in turn. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { byteStreamOf } from '../../src/lib/byte-stream.ts'
import type { PlacementId } from '../../src/model/ids.ts'
import type { Backend, Outcome, Reach } from '../../src/ports/service-door.ts'

export class ReplicaServer {
  readonly name: string
  readonly seen: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  #server: Server | null = null
  port = 0
  /** What it does with a request; by default it says who it is. */
  handle: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end(this.name)

  constructor(name: string) {
    this.name = name
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      this.seen.push(`${request.method} ${request.url}`)
      this.headers.push(request.headers)
      this.handle(request, response)
    })
    // Echoes what comes over a WebSocket's connection, frames or not.
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.headers.push(request.headers)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n')
      socket.write(head)
      socket.pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    return this
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
}

export interface RoundRobin extends Backend {
  readonly outcomes: (readonly [name: string, Outcome])[]
  readonly counts: { unserved: number }
}

/** In turn. With `remote`, replicas are reached by a stream, as those of other hosts are. */
export function roundRobin(servers: readonly ReplicaServer[], remote = false): RoundRobin {
  let turn = 0
  const outcomes: (readonly [string, Outcome])[] = []
  const counts = { unserved: 0 }
  return {
    ...{ name: 'web', outcomes, counts },
    choose(tried) {
      const left = servers.filter(({ name }) => !tried.has(name as PlacementId))
      const server = left[turn++ % left.length]
      if (server === undefined) return null
      return {
        placement: server.name as PlacementId,
        reach: (signal) => reachOf(server, remote, signal),
        settle: (outcome) => void outcomes.push([server.name, outcome]),
      }
    },
    unserved: () => void (counts.unserved += 1),
  }
}

async function reachOf({ port }: ReplicaServer, remote: boolean, signal: AbortSignal): Promise<Reach> {
  if (!remote) return { host: '127.0.0.1', port }
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
    signal.addEventListener('abort', () => socket.destroy())
  })
  return { stream: byteStreamOf(socket) }
}
