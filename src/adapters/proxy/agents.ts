/**
 * Connections to replicas for Node's HTTP client, which are kept. What may not be sent twice goes over one that is known to be open: a new one, or
 * one that something was answered over a moment ago.
 */
import { Agent, type ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Chosen } from '../../ports/service-door.ts'
import { linkTo } from './link.ts'

type Created = (error: Error | null, socket: Duplex) => void

/** Idle connections to one replica that are kept, for how long at the most, and all connections to it. */
const idle = 256
const idleFor: Millis = 60_000
const open = 1_024

/** No replica ends connections that have been idle for so short a time, unless it ends itself. */
const fresh: Millis = 500

/** When its last answer was over. Stands at the connection, because looking it up elsewhere costs more. */
const idleSince = Symbol('idleSince')
type Link = Duplex & { [idleSince]?: number; timeout?: number; setTimeout?(ms: Millis): unknown }

function closeIdle(this: Duplex): void {
  this.destroy()
}

export class LinkAgent extends Agent {
  #chosen: Chosen
  #opened: Duplex | null = null

  constructor(chosen: Chosen) {
    super({ keepAlive: true, maxSockets: open, maxFreeSockets: idle })
    this.#chosen = chosen
  }

  /** Whoever was chosen last reaches the same replica. */
  use(chosen: Chosen): this {
    this.#chosen = chosen
    return this
  }

  /** Whether the next request goes over a connection that was in use a moment ago. */
  get isFresh(): boolean {
    const [links = []] = Object.values(this.freeSockets)
    const link: Link | undefined = links.at(-1)
    return link !== undefined && !link.destroyed && performance.now() - (link[idleSince] ?? 0) < fresh
  }

  /** The next request goes over this connection. False when there are too many already. */
  begin(socket: Duplex): boolean {
    const count = (lists: typeof this.sockets): number => Object.values(lists)[0]?.length ?? 0
    if (count(this.sockets) >= open) return false
    this.#closeIdle()
    this.#opened = socket
    return true
  }

  /** Idle ones are closed, and those in use when they become idle. */
  retire(): void {
    this.maxFreeSockets = 0
    this.#closeIdle()
  }

  #closeIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
  }

  /** A replica that has ended an idle connection takes nothing more over it, though it may still be open for writing. */
  override keepSocketAlive(socket: Link): boolean {
    if (socket.readableEnded) return false
    socket.once('end', closeIdle)
    socket[idleSince] = performance.now()
    // Whether it may be kept, which the types do not say.
    const isKept = super.keepSocketAlive(socket) as unknown as boolean
    // Node closes it then, as it does sooner where the replica has said for how long it keeps it.
    if (isKept && socket.timeout === 0) socket.setTimeout?.(idleFor)
    return isKept
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.off('end', closeIdle)
    super.reuseSocket(socket, request)
  }

  override createConnection(_: object, created?: Created): Duplex | undefined {
    const opened = this.#opened
    this.#opened = null
    if (opened !== null) return opened
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

  agentFor(chosen: Chosen): LinkAgent {
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
