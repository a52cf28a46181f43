/** Connections to other peers. A peer is *up* once it has shown a valid membership certificate over an open connection. */
import type { NodeId } from '../model/ids.ts'
import type { Unsubscribe } from './rpc.ts'

export interface Peers {
  readonly self: NodeId
  /** Members that are up now. */
  up(): readonly NodeId[]
  /** `reset` is true when the connection broke by itself, as it does when the other process dies. */
  onChange(
    listener: (change: { readonly peer: NodeId; readonly up: boolean; readonly reset: boolean }) => void,
  ): Unsubscribe
  /** Addresses under which this peer can be dialled now, each ending in `/p2p/<id>`. */
  addresses(): readonly string[]
  /** Connects to a member at one of these addresses and waits until it is up. Throws NODE_UNREACHABLE or NOT_A_MEMBER. */
  connect(peer: NodeId, addresses: readonly string[], signal: AbortSignal): Promise<void>
  disconnect(peer: NodeId): Promise<void>
}
