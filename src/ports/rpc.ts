/**
 * Messages between two peers. All calls to one peer share two long-lived multiplexed streams: `control` for small, urgent
 * messages (consensus, probes) and `bulk` for the rest, so that a log never delays a heartbeat.
 */
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Codec } from './codec.ts'
import type { Conversation, ServedConversation } from './conversation.ts'

/** Who may call: members that have shown a valid certificate, or anyone who can open a connection. */
export type Audience = 'members' | 'anyone'
export type Lane = 'control' | 'bulk'

interface ProtocolBase {
  readonly id: `/clawbernetes/${string}`
  readonly audience: Audience
  readonly lane: Lane
  /** Largest encoded message in either direction. Larger ones are refused and counted. */
  readonly maxBytes: number
  /** How many calls one peer may have open at us at a time. */
  readonly maxInbound: number
}

/** One request, one response. Every limit is stated: what is not bounded here is not bounded. */
export interface Protocol<Request, Response> extends ProtocolBase {
  readonly kind: 'call'
  readonly request: Codec<Request>
  readonly response: Codec<Response>
  readonly timeout: Millis
}

/** One request, then items until the end, as fast as the reader takes them. */
export interface StreamProtocol<Request, Item> extends ProtocolBase {
  readonly kind: 'stream'
  readonly request: Codec<Request>
  readonly item: Codec<Item>
}

/** One request, then a conversation until the handler is done. */
export interface DuplexProtocol<Request> extends ProtocolBase {
  readonly kind: 'duplex'
  readonly request: Codec<Request>
}

/** One message, no answer, no promise that it arrives. */
export interface NoticeProtocol<Message> extends ProtocolBase {
  readonly kind: 'notice'
  readonly message: Codec<Message>
}

export type Handler<Request, Response> = (request: Request, from: NodeId, signal: AbortSignal) => Promise<Response>
export type StreamHandler<Request, Item> = (request: Request, from: NodeId, signal: AbortSignal) => AsyncIterable<Item>
export type DuplexHandler<Request> = (
  request: Request,
  from: NodeId,
  conversation: ServedConversation,
  signal: AbortSignal,
) => Promise<void>
export type NoticeHandler<Message> = (message: Message, from: NodeId) => void

export type Unsubscribe = () => void

export interface Rpc {
  /** Throws NODE_UNREACHABLE when there is no way to the peer, DEADLINE_EXCEEDED, or the ClawError that the handler threw. */
  call<Request, Response>(
    to: NodeId,
    protocol: Protocol<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response>
  /** Leaving the loop or aborting cancels the handler on the other side. Throws as `call` does, also in the middle. */
  stream<Request, Item>(
    to: NodeId,
    protocol: StreamProtocol<Request, Item>,
    request: Request,
    signal: AbortSignal,
  ): AsyncIterable<Item>
  /**
   * The caller's side of a conversation, which ends when the handler returns. Aborting cancels the handler. Throws as `call` does when there
   * is no way to the peer; what goes wrong later, its refusal included, the readers of the conversation get.
   */
  converse<Request>(
    to: NodeId,
    protocol: DuplexProtocol<Request>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Conversation>
  /** Drops the message silently when the peer is not connected or too slow. */
  notify<Message>(to: NodeId, protocol: NoticeProtocol<Message>, message: Message): void

  serve<Request, Response>(protocol: Protocol<Request, Response>, handle: Handler<Request, Response>): Unsubscribe
  serveStream<Request, Item>(protocol: StreamProtocol<Request, Item>, handle: StreamHandler<Request, Item>): Unsubscribe
  serveDuplex<Request>(protocol: DuplexProtocol<Request>, handle: DuplexHandler<Request>): Unsubscribe
  onNotice<Message>(protocol: NoticeProtocol<Message>, handle: NoticeHandler<Message>): Unsubscribe
}
