/**
 * A network in virtual time. Every process on it gets the ports that the real one gives, and every message passes through the
 * real codecs. Faults are set while it runs; what happens is decided by the world's seed alone.
 */
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Peers } from '../ports/peers.ts'
import type { ConnectionSettings } from './network/connections.ts'
import { Connections } from './network/connections.ts'
import { SimGossip } from './network/gossip.ts'
import type { Faults } from './network/medium.ts'
import { Medium } from './network/medium.ts'
import { Process } from './network/process.ts'
import { SimRpc } from './network/rpc.ts'
import type { World } from './world.ts'

/** One life of one node: what a daemon is composed of. Its timers stop when it is paused and end when it is crashed. */
export interface SimHost {
  readonly id: NodeId
  readonly clock: Clock
  readonly rpc: SimRpc
  readonly gossip: SimGossip
  readonly peers: Peers
}

interface Entry extends SimHost {
  readonly process: Process
}

export const simNetwork = (world: World, settings: Partial<ConnectionSettings> = {}): SimNetwork =>
  new SimNetwork(world, { silenceAfter: 2_000, redialAfter: 100, autoConnect: true, ...settings })

export class SimNetwork {
  /** What handlers threw that is not an expected failure. A test that looks at it expects none. */
  readonly bugs: unknown[] = []
  readonly #world: World
  readonly #medium: Medium
  readonly #connections: Connections
  /** The present life of each node, or its last. */
  readonly #hosts = new Map<NodeId, Entry>()
  readonly #entries = new Map<Process, Entry>()
  #messages = 0

  constructor(world: World, settings: ConnectionSettings) {
    this.#world = world
    this.#medium = new Medium(world)
    this.#connections = new Connections(world, this.#medium, settings)
  }

  /** Loss, duplication and latency. Set its fields at any time. */
  get faults(): Faults {
    return this.#medium.faults
  }

  /** Messages sent so far: calls, replies and notices each on its own, gossip from neighbour to neighbour, frames of streams. */
  get sent(): Readonly<Medium['sent']> {
    return this.#medium.sent
  }

  /** The node's present life. The first time it is asked for, the node comes up; after a crash this is a new life. */
  host(id: NodeId): SimHost {
    const known = this.#hosts.get(id)
    if (known?.process.alive === true) return known
    const process = new Process(this.#world, id)
    const entry = this.#entry(process)
    this.#hosts.set(id, entry)
    this.#entries.set(process, entry)
    this.#connections.add(process)
    return entry
  }

  /** Restricts who can be connected to whom, from now on. Both orders must give the same answer. */
  restrict(mayConnect: (a: NodeId, b: NodeId) => boolean): void {
    this.#connections.mayConnect = mayConnect
  }

  /** As `kill -9`: peers see their connections reset. With `silently`, as a power cut: they see nothing. */
  crash(id: NodeId, { silently = false }: { readonly silently?: boolean } = {}): void {
    const entry = this.#hosts.get(id)
    if (entry?.process.alive !== true) return
    entry.process.end()
    this.#connections.remove(entry.process, silently)
    this.#entries.delete(entry.process)
  }

  /** As SIGSTOP: the node does nothing, its timers included, until it is resumed. */
  pause(id: NodeId): void {
    this.#hosts.get(id)?.process.pause()
    this.#connections.suspectSilence(id)
  }

  resume(id: NodeId): void {
    this.#hosts.get(id)?.process.resume()
    this.#connections.redial(id)
  }

  /** Sets a node's wall clock off by so much. */
  skew(id: NodeId, by: Millis): void {
    const entry = this.#hosts.get(id)
    if (entry !== undefined) entry.process.skew = by
  }

  /** Cuts one direction only. */
  cut(from: NodeId, to: NodeId): void {
    this.#medium.cut(from, to)
    this.#connections.suspectSilence(from)
  }

  mend(from: NodeId, to: NodeId): void {
    this.#medium.mend(from, to)
    this.#connections.redial(from)
  }

  /** Cuts everything between the groups, both ways. Nodes in no group keep all their links. */
  partition(...groups: readonly (readonly NodeId[])[]): void {
    for (const group of groups)
      for (const other of groups)
        if (group !== other) for (const from of group) for (const to of other) this.#medium.cut(from, to)
    for (const id of groups.flat()) this.#connections.suspectSilence(id)
  }

  /** Mends every cut. */
  heal(): void {
    this.#medium.mendAll()
    for (const id of this.#hosts.keys()) this.#connections.redial(id)
  }

  /** Breaks one connection; both sides see a reset, and connect again. */
  reset(a: NodeId, b: NodeId): void {
    this.#connections.reset(a, b)
  }

  /** Everybody is a member unless told otherwise: an outsider is never up, and may only call what anyone may. */
  setMember(id: NodeId, isMember: boolean): void {
    this.#connections.setMember(id, isMember)
  }

  #entry(process: Process): Entry {
    const parts = {
      process,
      connections: this.#connections,
      medium: this.#medium,
      onBug: (error: unknown): void => void this.bugs.push(error),
    }
    const nextId = (): number => (this.#messages += 1)
    return {
      process,
      id: process.id,
      clock: process.clock,
      rpc: new SimRpc({ ...parts, peer: (of) => this.#entryOf(of).rpc }),
      gossip: new SimGossip({ ...parts, random: this.#world, nextId, peer: (of) => this.#entryOf(of).gossip }),
      peers: this.#peers(process),
    }
  }

  /** Only asked about processes to which something has just happened: these live. */
  #entryOf(process: Process): Entry {
    const entry = this.#entries.get(process)
    if (entry === undefined) throw new Error(`${process.id} is dead and cannot receive`)
    return entry
  }

  #peers(process: Process): Peers {
    const connections = this.#connections
    return {
      self: process.id,
      up: () => connections.up(process),
      onChange: (listener) => connections.listen(process, listener),
      addresses: () => [addressOf(process.id)],
      connect: async (peer, addresses, signal) => {
        signal.throwIfAborted()
        if (!addresses.includes(addressOf(peer)))
          throw new ClawError('NODE_UNREACHABLE', { node: peer, detail: 'none of its addresses answers' })
        await connections.connect(process, peer)
      },
      disconnect: (peer) => Promise.resolve(connections.disconnect(process.id, peer)),
    }
  }
}

/** The one address at which a simulated node can be dialled. */
const addressOf = (id: NodeId): string => `/memory/${id}/p2p/${id}`
