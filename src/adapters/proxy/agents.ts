/** Connections to replicas for Node's HTTP client: kept ones for what may be sent twice, and one that is open already for the rest. */
import { Agent, type ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PlacementId } from '../../model/ids.ts'
import type { Chosen } from '../../ports/service-door.ts'
import { linkTo } from './link.ts'

type Created = (error: Error | null, socket: Duplex) => void

/** Idle connections to one replica that are kept, and all connections to it. */
const idle = 32
const open = 1_024

function closeIdle(this: Duplex): void {
  this.destroy()
}

class LinkAgent extends Agent {
  #chosen: Chosen

  constructor(chosen: Chosen) {
    super({ keepAlive: true, maxSockets: open, maxFreeSockets: idle })
    this.#chosen = chosen
  }

  /** Whoever was chosen last reaches the same replica. */
  use(chosen: Chosen): this {
    this.#chosen = chosen
    return this
  }

  /** Idle ones are closed, and those in use when they become idle. */
  retire(): void {
    this.maxFreeSockets = 0
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
  }

  /** A replica that has ended an idle connection takes nothing more over it, though it may still be open for writing. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (socket.readableEnded) return false
    socket.once('end', closeIdle)
    // Whether it may be kept, which the types do not say.
    return super.keepSocketAlive(socket) as unknown as boolean
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.off('end', closeIdle)
    super.reuseSocket(socket, request)
  }

  override createConnection(_: object, created?: Created): undefined {
    linkTo(this.#chosen).then(
      (socket) => created?.(null, socket),
      // Nobody looks at the socket of a failure.
      (error: unknown) => (created as ((error: unknown) => void) | undefined)?.(error),
    )
    return undefined
  }
}

class OneLinkAgent extends Agent {
  readonly #socket: Duplex

  constructor(socket: Duplex) {
    super({ keepAlive: false })
    this.#socket = socket
  }

  override createConnection(): Duplex {
    return this.#socket
  }
}

/** For one request, over a connection that is open. */
export const agentOver = (socket: Duplex): Agent => new OneLinkAgent(socket)

export class KeptLinks {
  readonly #agents = new Map<PlacementId, LinkAgent>()

  agentFor(chosen: Chosen): Agent {
    const known = this.#agents.get(chosen.placement)
    const agent = known?.use(chosen) ?? new LinkAgent(chosen)
    this.#agents.set(chosen.placement, agent)
    return agent
  }

  forget(placement: PlacementId): void {
    this.#agents.get(placement)?.retire()
    this.#agents.delete(placement)
  }

  close(): void {
    for (const placement of [...this.#agents.keys()]) this.forget(placement)
  }
}
