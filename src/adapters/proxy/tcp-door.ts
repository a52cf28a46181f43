/** Passes connections on to replicas as they are. */
import { createServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Backend, Chosen, OpenDoor } from '../../ports/service-door.ts'
import { linkTo, Unreachable } from './link.ts'

const mostConnections = 4_096

export class TcpDoor implements OpenDoor {
  readonly server: Server
  readonly #backend: Backend
  readonly #open = new Set<Socket>()

  constructor(backend: Backend, onFailure: (error: unknown) => void) {
    this.#backend = backend
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
      socket.on('error', () => socket.destroy())
      this.#serve(socket).catch((error: unknown) => {
        onFailure(error)
        socket.destroy()
      })
    })
    this.server.maxConnections = mostConnections
  }

  /** Connections last as long as those at their ends want. */
  forget(): void {}

  async close(grace: Millis): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    const late = setTimeout(() => {
      for (const socket of this.#open) socket.destroy()
    }, grace)
    await closed
    clearTimeout(late)
  }

  async #serve(socket: Socket): Promise<void> {
    const tried = new Set<PlacementId>()
    for (let chosen = this.#backend.choose(tried); chosen !== null; chosen = this.#backend.choose(tried)) {
      tried.add(chosen.placement)
      if (await this.#pass(socket, chosen)) return
    }
    this.#backend.unserved()
    socket.destroy()
  }

  /** False when the replica could not be reached: nothing was sent. */
  async #pass(socket: Socket, chosen: Chosen): Promise<boolean> {
    const startedAt = performance.now()
    try {
      const link = await linkTo(chosen)
      const latency = performance.now() - startedAt
      // How a connection ends is the business of those at its ends.
      await Promise.allSettled([pipeline(socket, link), pipeline(link, socket)])
      chosen.settle({ type: 'answered', status: 200, latency })
      return true
    } catch (error) {
      chosen.settle(error instanceof Unreachable ? error.outcome : { type: 'unreachable' })
      if (!(error instanceof Unreachable)) throw error
      return false
    }
  }
}
