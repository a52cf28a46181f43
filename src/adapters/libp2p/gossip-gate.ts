/**
 * Stands between gossipsub and libp2p, so that gossip flows between members only. Gossipsub learns of a peer when its link is up,
 * not when its connection is open; a gossip stream from anybody else waits for that, and is cut when it does not come.
 */
import type { Connection, StreamHandler, Topology } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import type { NodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

/** Longest gossip frame: several messages and gossipsub's own control data may share one. */
export const maxGossipFrame = 262_144

/** How long a gossip stream may be ahead of the hello on the other lanes. */
const patience: Millis = 10 * second

export interface GossipGateDeps {
  readonly clock: Clock
  /** A peer opened a gossip stream and did not become a member. */
  readonly onStranger: (peer: NodeId) => void
}

type Held = (connection: Connection | null) => void

export class GossipGate {
  readonly #deps: GossipGateDeps
  readonly #topologies = new Map<string, Topology>()
  readonly #open = new Map<string, Connection>()
  readonly #held = new Map<string, Set<Held>>()

  constructor(deps: GossipGateDeps) {
    this.#deps = deps
  }

  /** The connection over which gossip with this peer flows, if any. */
  connectionOf(peer: NodeId): Connection | undefined {
    return this.#open.get(peer)
  }

  /** The registrar as gossipsub may see it. */
  guard(registrar: Registrar): Registrar {
    const guarded: Pick<Registrar, 'handle' | 'unhandle' | 'register' | 'unregister' | 'getTopologies'> = {
      handle: (protocol, handler, options) => registrar.handle(protocol, this.#gated(handler), options),
      unhandle: (protocol, options) => registrar.unhandle(protocol, options),
      register: (protocol, topology) => {
        this.#topologies.set(protocol, topology)
        return Promise.resolve(protocol)
      },
      unregister: (id) => void this.#topologies.delete(id),
      getTopologies: (protocol) => [...this.#topologies].flatMap(([id, one]) => (id === protocol ? [one] : [])),
    }
    return Object.assign(Object.create(registrar) as Registrar, guarded)
  }

  /** From now on gossip with this peer flows over this connection, and over no other. */
  async admit(peer: NodeId, connection: Connection): Promise<void> {
    if (this.#open.has(peer)) await this.#leave(connection)
    this.#open.set(peer, connection)
    for (const release of [...(this.#held.get(peer) ?? [])]) release(connection)
    for (const topology of new Set(this.#topologies.values()))
      await topology.onConnect?.(connection.remotePeer, connection)
  }

  /** No more gossip with this peer. */
  async expel(peer: NodeId): Promise<void> {
    const connection = this.#open.get(peer)
    if (connection === undefined) return
    this.#open.delete(peer)
    await this.#leave(connection)
  }

  async #leave(connection: Connection): Promise<void> {
    for (const topology of new Set(this.#topologies.values())) await topology.onDisconnect?.(connection.remotePeer)
  }

  #gated(handler: StreamHandler): StreamHandler {
    return async (stream, connection) => {
      const peer = connection.remotePeer.toString() as NodeId
      const admitted = this.#open.has(peer) || (await this.#becomesMember(peer))
      if (admitted) {
        return handler(stream, connection)
      }
      stream.abort(new Error('gossip is for members'))
      this.#deps.onStranger(peer)
      return
    }
  }

  async #becomesMember(peer: NodeId): Promise<boolean> {
    const held = this.#held.get(peer) ?? new Set<Held>()
    this.#held.set(peer, held)
    return new Promise((resolve) => {
      const release = (connection: Connection | null): void => {
        stopTimer()
        held.delete(release)
        if (held.size === 0) this.#held.delete(peer)
        resolve(connection !== null)
      }
      const stopTimer = this.#deps.clock.after(patience, () => release(null))
      held.add(release)
    })
  }
}
