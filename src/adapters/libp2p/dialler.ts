/** Makes connections to members, at most one attempt per peer at a time. */
import type { Connection, PeerInfo } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Log } from '../../ports/log.ts'
import { abortable } from '../../lib/abortable.ts'
import { reasonOf } from './abort.ts'
import { dialable, explain, unreachable } from './dial-failure.ts'
import type { Links } from './links.ts'
import type { Node } from './node.ts'

/** A dial over all addresses, with the greeting after it. */
const connectTime: Millis = 15 * second
/** A peer that was found on the LAN is tried no more often. */
const rediscovery: Millis = 10 * second
const maxFound = 256

export interface DiallerDeps {
  readonly self: NodeId
  readonly node: Node
  readonly links: Links
  readonly log: Log
  readonly addressesOf: (node: NodeId) => readonly string[]
  /** Those among them that are sure to be open, which are tried before the others: each that is not costs seconds. */
  readonly ways: (addresses: readonly string[]) => readonly string[]
  readonly elapsed: () => Millis
}

export class Dialler {
  readonly #deps: DiallerDeps
  readonly #attempts = new Map<NodeId, Promise<void>>()
  /** Peers that said on the LAN that they are there: where, and when we last tried them. */
  readonly #found = new Map<NodeId, { addresses: readonly string[]; triedAt: Millis }>()

  constructor(deps: DiallerDeps) {
    this.#deps = deps
  }

  async reach(peer: NodeId, signal: AbortSignal): Promise<void> {
    await this.connect(peer, this.#deps.addressesOf(peer), signal)
  }

  /** Connects by whatever addresses are known: those found on the LAN, these, and those remembered from an earlier life. */
  async connect(peer: NodeId, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    if (this.#deps.links.current(peer) !== undefined) return
    if (signal.aborted) throw reasonOf(signal)
    const attempt = this.#attempts.get(peer) ?? this.#attempt(peer, addresses)
    await abortable(attempt, signal)
  }

  /** Somebody of our mesh, by what it says, is on the LAN. */
  discovered({ id, multiaddrs }: PeerInfo): void {
    const { self, links, log, elapsed } = this.#deps
    const peer = nodeId(id.toString())
    const known = this.#found.get(peer)
    if (peer === self || (known === undefined && this.#found.size >= maxFound)) return
    const addresses = multiaddrs.slice(0, 16).map((address) => withPeer(String(address), peer))
    const isDue = known === undefined || elapsed() - known.triedAt > rediscovery
    this.#found.set(peer, { addresses, triedAt: isDue ? elapsed() : known.triedAt })
    if (!isDue || links.current(peer) !== undefined) return
    this.connect(peer, addresses, AbortSignal.timeout(connectTime)).catch((error: unknown) =>
      log.debug('a peer on the LAN could not be reached', { peer, error }),
    )
  }

  #attempt(peer: NodeId, addresses: readonly string[]): Promise<void> {
    const attempt = this.#dial(peer, addresses).finally(() => this.#attempts.delete(peer))
    this.#attempts.set(peer, attempt)
    return attempt
  }

  async #dial(peer: NodeId, addresses: readonly string[]): Promise<void> {
    const { links } = this.#deps
    const found = this.#found.get(peer)?.addresses ?? []
    const targets = dialable(peer, [...found, ...addresses, ...(await this.#remembered(peer))])
    if (targets.length === 0) throw unreachable(peer, 'no address is known')
    const signal = AbortSignal.timeout(connectTime)
    try {
      const connection = await this.#open(targets, found.length > 0, signal)
      await links.dialled(connection)
      await links.untilUp(peer, connection, signal)
    } catch (error) {
      if (error instanceof ClawError) throw error
      throw unreachable(peer, explain(error), error)
    }
  }

  /** Always one of our own. Whoever dialled opens the lanes: on a connection that the peer is opening to us at this moment, both would. */
  async #open(targets: readonly Multiaddr[], isNear: boolean, signal: AbortSignal): Promise<Connection> {
    const { node, ways, log } = this.#deps
    // Whoever is on the LAN is reached there without a way around.
    const sure = isNear ? [] : ways(targets.map(String))
    const first = targets.filter((target) => sure.includes(String(target)))
    if (first.length > 0 && first.length < targets.length)
      try {
        return await node.dial(first, { signal, force: true })
      } catch (error) {
        if (signal.aborted) throw error
        log.debug('a peer was not reached where it should have been', { error })
        const rest = targets.filter((target) => !first.includes(target))
        return node.dial(rest, { signal, force: true })
      }
    return node.dial([...targets], { signal, force: true })
  }

  /** Addresses of an earlier life, from the peer store. */
  async #remembered(peer: NodeId): Promise<readonly string[]> {
    const known = await this.#deps.node.peerStore.all({
      filters: [({ id }) => id.toString() === peer],
      limit: 1,
    })
    return known.flatMap(({ addresses }) => addresses.map((one) => withPeer(String(one.multiaddr), peer)))
  }
}

const withPeer = (address: string, peer: NodeId): string =>
  address.endsWith(`/p2p/${peer}`) ? address : `${address}/p2p/${peer}`
