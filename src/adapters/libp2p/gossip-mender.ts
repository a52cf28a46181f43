/** Keeps gossip flowing wherever a link is: starts it, moves it to a newer link, and starts it again when its streams have died. */
import type { Connection } from '@libp2p/interface'
import type { NodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { GossipGate } from './gossip-gate.ts'
import type { Link } from './link.ts'
import type { Links } from './links.ts'

/** Gossipsub never reopens a stream that died, as one does when a message on it was too large. */
const lookEvery: Millis = 2 * second
/** How long the streams may take to open at first. */
const settling: Millis = 5 * second

export interface GossipMenderDeps {
  readonly gate: GossipGate
  readonly links: Links
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export class GossipMender {
  readonly #deps: GossipMenderDeps
  readonly #startedAt = new Map<NodeId, Millis>()
  #stops: (() => void)[] = []
  #stopLooking: () => void = () => {}

  constructor(deps: GossipMenderDeps) {
    this.#deps = deps
  }

  start(): void {
    const look = (): void => {
      for (const peer of this.#deps.links.up()) this.#lookAt(peer)
      this.#stopLooking = this.#deps.clock.after(lookEvery, look)
    }
    this.#stopLooking = this.#deps.clock.after(lookEvery, look)
    this.#stops.push(
      this.#deps.links.onChange(({ peer, up }) => {
        if (!up) this.#run(peer, () => this.#deps.gate.expel(peer))
      }),
    )
  }

  stop(): void {
    this.#stopLooking()
    for (const stop of this.#stops.splice(0)) stop()
  }

  /** Gossip goes where the calls go. */
  follow({ peer, connection }: Pick<Link, 'peer' | 'connection'>): void {
    this.#startedAt.set(peer, this.#deps.clock.elapsed())
    this.#run(peer, () => this.#deps.gate.admit(peer, connection))
  }

  /** Gossipsub reads a stream of this peer no more: the peer must not go on writing to it. */
  broken(peer: NodeId): void {
    const connection = this.#deps.gate.connectionOf(peer)
    for (const stream of connection === undefined ? [] : gossipStreams(connection))
      stream.abort(new Error('what came could not be read'))
  }

  #lookAt(peer: NodeId): void {
    const { links, clock, log, metrics } = this.#deps
    const link = links.current(peer)
    const age = clock.elapsed() - (this.#startedAt.get(peer) ?? 0)
    if (link === undefined || age < settling || flows(link.connection)) return
    metrics.count('claw_gossip_mended_total')
    log.info('gossip with a peer had stopped and is started again', { peer })
    for (const stream of gossipStreams(link.connection)) stream.abort(new Error('only one direction was left'))
    this.follow(link)
  }

  #run(peer: NodeId, change: () => Promise<void>): void {
    change().catch((error: unknown) => this.#deps.log.error('could not change who gossips', { peer, error }))
  }
}

const gossipStreams = (connection: Connection) =>
  connection.streams.filter(({ protocol }) => protocol.startsWith('/meshsub/'))

function flows(connection: Connection): boolean {
  const open = gossipStreams(connection).filter(({ status }) => status === 'open')
  return ['inbound', 'outbound'].every((direction) => open.some((stream) => stream.direction === direction))
}
