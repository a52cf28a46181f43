/** What kad-dht has and does not declare: its table of peers, its way of asking one peer, and where all messages come in. */
import type { AbortOptions, PeerId } from '@libp2p/interface'
import type { KadDHT, MessageType, QueryEvent } from '@libp2p/kad-dht'

/** A message as it comes in. */
export interface Asked {
  readonly key?: Uint8Array
  readonly record?: Uint8Array
  readonly providers: readonly { readonly multiaddrs: readonly unknown[] }[]
  readonly closer: readonly unknown[]
}

interface Request {
  readonly type: MessageType
  readonly key: Uint8Array
  readonly record: Uint8Array
}

interface Undeclared {
  stop(): Promise<void>
  isStarted(): boolean
  readonly routingTable: {
    readonly size: number
    addEventListener(event: 'peer:add' | 'peer:remove', listener: () => void): void
    remove(peer: PeerId): Promise<void>
    closestPeers(id: Uint8Array, options: { readonly count: number }): PeerId[]
  }
  readonly network: {
    sendRequest(
      to: PeerId,
      request: Request,
      options: AbortOptions & { readonly path: object },
    ): AsyncIterable<QueryEvent>
  }
  readonly rpc: { handleMessage(peer: PeerId, message: Asked): Promise<unknown> }
}

export type Dht = KadDHT & Undeclared

export const withParts = (dht: KadDHT): Dht => dht as unknown as Dht
