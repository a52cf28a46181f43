/** The Rpc port over links: encodes, finds or makes the link, keeps the deadline. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Conversation } from '../../ports/conversation.ts'
import type {
  DuplexHandler,
  DuplexProtocol,
  Handler,
  Lane,
  NoticeHandler,
  NoticeProtocol,
  Protocol,
  Rpc,
  StreamHandler,
  StreamProtocol,
  Unsubscribe,
} from '../../ports/rpc.ts'
import { frame, FrameKind } from '../../wire/frame.ts'
import { deadline } from './abort.ts'
import type { CallsOut } from './calls-out.ts'
import { decoded, encoded, type Handlers, Malformed } from './handlers.ts'
import { maxBacklog, type Pipe } from './pipe.ts'

/** Where the calls to one peer go. */
export interface Route {
  readonly calls: CallsOut
  readonly pipe: Pipe
}

export interface RpcDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly handlers: Handlers
  readonly loop: CallsOut
  /** The peer's lane if it is up. */
  readonly route: (peer: NodeId, lane: Lane) => Route | null
  /** Makes a way to the peer, or throws NODE_UNREACHABLE or NOT_A_MEMBER. */
  readonly connect: (peer: NodeId, signal: AbortSignal) => Promise<void>
}

export class LinkRpc implements Rpc {
  readonly #deps: RpcDeps

  constructor(deps: RpcDeps) {
    this.#deps = deps
  }

  async call<Request, Response>(
    to: NodeId,
    protocol: Protocol<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    const bytes = encoded(protocol.request, request, protocol)
    const limit = this.#limit(protocol.id, protocol.timeout, signal)
    try {
      const calls = await this.#callsTo(to, protocol.lane, limit.signal)
      const reply = await calls.call({ bounds: protocol, request: bytes, signal: limit.signal })
      return answerOf(() => decoded(protocol.response, reply, protocol.id))
    } finally {
      limit.clear()
    }
  }

  async *stream<Request, Item>(
    to: NodeId,
    protocol: StreamProtocol<Request, Item>,
    request: Request,
    signal: AbortSignal,
  ): AsyncGenerator<Item> {
    const bytes = encoded(protocol.request, request, protocol)
    const calls = await this.#callsTo(to, protocol.lane, signal)
    for await (const item of calls.stream({ bounds: protocol, request: bytes, signal }))
      yield answerOf(() => decoded(protocol.item, item, protocol.id))
  }

  async converse<Request>(
    to: NodeId,
    protocol: DuplexProtocol<Request>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Conversation> {
    const bytes = encoded(protocol.request, request, protocol)
    const calls = await this.#callsTo(to, protocol.lane, signal)
    return calls.converse({ bounds: protocol, request: bytes, signal })
  }

  notify<Message>(to: NodeId, protocol: NoticeProtocol<Message>, message: Message): void {
    const payload = encoded(protocol.message, message, protocol)
    const route = this.#deps.route(to, protocol.lane)
    if (route === null || route.pipe.backlog > maxBacklog) return
    route.pipe.send(frame(FrameKind.NOTICE, { protocol: protocol.id, payload }))
  }

  serve<Request, Response>(protocol: Protocol<Request, Response>, handle: Handler<Request, Response>): Unsubscribe {
    return this.#deps.handlers.serve(protocol, handle)
  }

  serveStream<Request, Item>(
    protocol: StreamProtocol<Request, Item>,
    handle: StreamHandler<Request, Item>,
  ): Unsubscribe {
    return this.#deps.handlers.serveStream(protocol, handle)
  }

  serveDuplex<Request>(protocol: DuplexProtocol<Request>, handle: DuplexHandler<Request>): Unsubscribe {
    return this.#deps.handlers.serveDuplex(protocol, handle)
  }

  onNotice<Message>(protocol: NoticeProtocol<Message>, handle: NoticeHandler<Message>): Unsubscribe {
    return this.#deps.handlers.onNotice(protocol, handle)
  }

  async #callsTo(to: NodeId, lane: Lane, signal: AbortSignal): Promise<CallsOut> {
    const { self, loop, route, connect } = this.#deps
    if (to === self) return loop
    const known = route(to, lane)
    if (known !== null) return known.calls
    await connect(to, signal)
    const made = route(to, lane)
    if (made === null) throw new ClawError('NODE_UNREACHABLE', { node: to, detail: 'the connection broke at once' })
    return made.calls
  }

  #limit(what: string, ms: Millis, signal: AbortSignal) {
    return deadline({
      clock: this.#deps.clock,
      signal,
      ms,
      late: () => new ClawError('DEADLINE_EXCEEDED', { what, ms }),
    })
  }
}

/** An answer that cannot be read is the peer's fault, and an expected failure to the caller. */
export function answerOf<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    throw new ClawError('INTERNAL', { detail: `the answer is ${error.message}` }, { cause: error })
  }
}
