/** Calls from outside: to peers of a mesh that the caller does not belong to, or not yet. Only protocols for anyone are served to it. */
import type { NodeId } from '../model/ids.ts'
import type { Conversation } from './conversation.ts'
import type { DuplexProtocol, Protocol, StreamProtocol } from './rpc.ts'

export interface Visit {
  /** The peer that answers, as it has proved itself. */
  readonly peer: NodeId
  call<Request, Response>(
    protocol: Protocol<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response>
  stream<Request, Item>(
    protocol: StreamProtocol<Request, Item>,
    request: Request,
    signal: AbortSignal,
  ): AsyncIterable<Item>
  converse<Request>(protocol: DuplexProtocol<Request>, request: Request, signal: AbortSignal): Promise<Conversation>
  close(): Promise<void>
}

export interface Visitor {
  /** Connects to the first of these multiaddrs that answers, each ending in `/p2p/<id>`. Throws NODE_UNREACHABLE. */
  visit(addresses: readonly string[], signal: AbortSignal): Promise<Visit>
}
