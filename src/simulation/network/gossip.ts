/** Gossip between simulated processes: every message goes on from neighbour to neighbour, where the handler accepts it. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Codec } from '../../ports/codec.ts'
import type { Gossip, Topic, Verdict } from '../../ports/gossip.ts'
import type { Random } from '../../ports/random.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Connections } from './connections.ts'
import type { Medium } from './medium.ts'
import type { Process } from './process.ts'

interface Subscription {
  readonly maxBytes: number
  readonly handle: (bytes: Uint8Array, via: NodeId) => Verdict
}

interface Parcel {
  readonly id: number
  readonly topic: string
  readonly bytes: Uint8Array
}

export interface GossipDeps {
  readonly process: Process
  readonly connections: Connections
  readonly medium: Medium
  readonly random: Random
  readonly peer: (process: Process) => SimGossip
  readonly nextId: () => number
  readonly onBug: (error: unknown) => void
}

/** To how many neighbours a message is handed on, as gossipsub's mesh does. */
const fanOut = 8
const remembered = 4_096

export class SimGossip implements Gossip {
  /** How many messages of each neighbour were rejected: what its score would have suffered. */
  readonly rejected = new Map<NodeId, number>()
  readonly #deps: GossipDeps
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #seen = new Set<number>()

  constructor(deps: GossipDeps) {
    this.#deps = deps
  }

  async publish<Message>(topic: Topic<Message>, message: Message): Promise<void> {
    const bytes = topic.message.encode(message)
    if (bytes.length > topic.maxBytes)
      throw new ClawError('TOO_LARGE', { what: `A message on ${topic.name}`, limit: topic.maxBytes })
    const parcel = { id: this.#deps.nextId(), topic: topic.name, bytes }
    this.#remember(parcel.id)
    this.#forward(parcel, null)
    return Promise.resolve()
  }

  subscribe<Message>(topic: Topic<Message>, handle: (message: Message, via: NodeId) => Verdict): Unsubscribe {
    if (this.#subscriptions.has(topic.name)) throw new Error(`${topic.name} has a subscriber already`)
    const subscription: Subscription = {
      maxBytes: topic.maxBytes,
      handle: (bytes, via) => {
        const decoded = tryDecode(topic.message, bytes)
        return decoded === null ? 'reject' : handle(decoded.message, via)
      },
    }
    this.#subscriptions.set(topic.name, subscription)
    return () => {
      if (this.#subscriptions.get(topic.name) === subscription) this.#subscriptions.delete(topic.name)
    }
  }

  #forward(parcel: Parcel, except: NodeId | null): void {
    const { process, connections, medium, peer } = this.#deps
    for (const to of this.#chosen(except)) {
      const end = connections.end(process, to)
      if (end === undefined) continue
      medium.send(process, end.remote, () => peer(end.remote).#receive(parcel, process.id), {
        mayDouble: true,
        carrier: 'gossip',
      })
    }
  }

  #chosen(except: NodeId | null): readonly NodeId[] {
    const { process, connections, random } = this.#deps
    const neighbours = connections.up(process).filter((peer) => peer !== except)
    const chosen = [...neighbours]
    while (chosen.length > fanOut) {
      const last = chosen.pop()
      const at = Math.floor(random.next() * (chosen.length + 1))
      if (last !== undefined && at < chosen.length) chosen[at] = last
    }
    return chosen
  }

  #receive(parcel: Parcel, via: NodeId): void {
    const subscription = this.#subscriptions.get(parcel.topic)
    if (subscription === undefined || this.#deps.connections.outsiders.has(via)) return
    const isNew = !this.#seen.has(parcel.id)
    this.#remember(parcel.id)
    const verdict = this.#judge(subscription, parcel.bytes, via)
    if (verdict === 'reject') this.rejected.set(via, (this.rejected.get(via) ?? 0) + 1)
    if (verdict === 'accept' && isNew) this.#forward(parcel, via)
  }

  #judge(subscription: Subscription, bytes: Uint8Array, via: NodeId): Verdict {
    if (bytes.length > subscription.maxBytes) return 'reject'
    try {
      return subscription.handle(bytes, via)
    } catch (error) {
      this.#deps.onBug(error)
      return 'ignore'
    }
  }

  #remember(id: number): void {
    this.#seen.add(id)
    if (this.#seen.size <= remembered) return
    const oldest = this.#seen.values().next()
    if (oldest.done !== true) this.#seen.delete(oldest.value)
  }
}

/** Null for bytes that are not such a message: the network may carry anything. */
function tryDecode<T>(codec: Codec<T>, bytes: Uint8Array): { readonly message: T } | null {
  try {
    return { message: codec.decode(bytes) }
  } catch {
    return null
  }
}
