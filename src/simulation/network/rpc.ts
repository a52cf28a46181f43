/** Calls, streams and notices between simulated processes, with the real codecs and the real limits. */
import type { FailureBody } from '../../model/failure.ts'
import { ClawError, failureBody, failureFrom } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Codec } from '../../ports/codec.ts'
import type { Conversation, ServedConversation } from '../../ports/conversation.ts'
import type {
  DuplexHandler,
  DuplexProtocol,
  Handler,
  NoticeHandler,
  NoticeProtocol,
  Protocol,
  Rpc,
  StreamHandler,
  StreamProtocol,
  Unsubscribe,
} from '../../ports/rpc.ts'
import type { Connections, End } from './connections.ts'
import type { Medium } from './medium.ts'
import { converseOver, type TalkLink } from './talk.ts'
import type { StreamLink } from './pump.ts'
import { pump } from './pump.ts'
import type { Process } from './process.ts'
import { StreamReader } from './stream-reader.ts'

type AnyProtocol =
  Protocol<unknown, unknown> | StreamProtocol<unknown, unknown> | DuplexProtocol<unknown> | NoticeProtocol<unknown>

/** How bytes that have arrived are handled. The codecs are inside, so that protocols of every type fit in one table. */
interface Served {
  readonly protocol: Omit<AnyProtocol, 'request' | 'response' | 'item' | 'message'>
  readonly answer?: (bytes: Uint8Array, from: NodeId, signal: AbortSignal) => Promise<Uint8Array>
  readonly items?: (bytes: Uint8Array, from: NodeId, signal: AbortSignal) => AsyncIterable<Uint8Array>
  readonly talk?: (bytes: Uint8Array, from: NodeId, side: ServedConversation, signal: AbortSignal) => Promise<void>
  readonly take?: (bytes: Uint8Array, from: NodeId) => void
}

export interface RpcDeps {
  readonly process: Process
  readonly connections: Connections
  readonly medium: Medium
  /** The other side's Rpc. */
  readonly peer: (process: Process) => SimRpc
  /** A handler threw something that is not an expected failure. */
  readonly onBug: (error: unknown) => void
}

export class SimRpc implements Rpc {
  readonly #deps: RpcDeps
  readonly #served = new Map<string, Served>()
  /** Calls that a peer has open at us, by protocol and peer. */
  readonly #inbound = new Map<string, number>()

  constructor(deps: RpcDeps) {
    this.#deps = deps
  }

  async call<Request, Response>(
    to: NodeId,
    protocol: Protocol<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    signal.throwIfAborted()
    const bytes = encodeWithin(protocol, protocol.request, request)
    const reply = await this.#exchange(this.#endTo(to), protocol, bytes, signal)
    return decodeWithin(protocol, protocol.response, reply)
  }

  async *stream<Request, Item>(
    to: NodeId,
    protocol: StreamProtocol<Request, Item>,
    request: Request,
    signal: AbortSignal,
  ): AsyncIterable<Item> {
    signal.throwIfAborted()
    const { process, medium, peer } = this.#deps
    const bytes = encodeWithin(protocol, protocol.request, request)
    const end = this.#endTo(to)
    const reader = new StreamReader(medium, end)
    const onAbort = (): void => reader.fail(signal.reason)
    const onClose = (): void => reader.fail(unreachable(to, 'the connection broke'))
    signal.addEventListener('abort', onAbort, { once: true })
    end.closers.add(onClose)
    try {
      reader.open((link) => peer(end.remote).#serveItems(protocol.id, bytes, process.id, link))
      for (let item = await reader.next(); item !== null; item = await reader.next())
        yield decodeWithin(protocol, protocol.item, item)
    } finally {
      signal.removeEventListener('abort', onAbort)
      end.closers.delete(onClose)
      reader.cancel()
    }
  }

  async converse<Request>(
    to: NodeId,
    protocol: DuplexProtocol<Request>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Conversation> {
    signal.throwIfAborted()
    const { process, medium, peer } = this.#deps
    const bytes = encodeWithin(protocol, protocol.request, request)
    const end = this.#endTo(to)
    const serve = (link: TalkLink): void => peer(end.remote).#serveTalk(protocol.id, bytes, process.id, link)
    return Promise.resolve(converseOver({ medium, end, signal, serve }))
  }

  notify<Message>(to: NodeId, protocol: NoticeProtocol<Message>, message: Message): void {
    const { process, connections, medium, peer } = this.#deps
    const end = connections.end(process, to)
    if (end === undefined) return
    const bytes = encodeWithin(protocol, protocol.message, message)
    medium.send(process, end.remote, () => peer(end.remote).#takeNotice(protocol.id, bytes, process.id), {
      mayDouble: true,
    })
  }

  serve<Request, Response>(protocol: Protocol<Request, Response>, handle: Handler<Request, Response>): Unsubscribe {
    return this.#register({
      protocol,
      answer: async (bytes, from, signal) => {
        const request = decodeWithin(protocol, protocol.request, bytes)
        return encodeWithin(protocol, protocol.response, await handle(request, from, signal))
      },
    })
  }

  serveStream<Request, Item>(
    protocol: StreamProtocol<Request, Item>,
    handle: StreamHandler<Request, Item>,
  ): Unsubscribe {
    return this.#register({
      protocol,
      items: async function* (bytes, from, signal) {
        const request = decodeWithin(protocol, protocol.request, bytes)
        for await (const item of handle(request, from, signal)) yield encodeWithin(protocol, protocol.item, item)
      },
    })
  }

  serveDuplex<Request>(protocol: DuplexProtocol<Request>, handle: DuplexHandler<Request>): Unsubscribe {
    return this.#register({
      protocol,
      talk: async (bytes, from, side, signal) =>
        handle(decodeWithin(protocol, protocol.request, bytes), from, side, signal),
    })
  }

  onNotice<Message>(protocol: NoticeProtocol<Message>, handle: NoticeHandler<Message>): Unsubscribe {
    return this.#register({
      protocol,
      take: (bytes, from) => handle(decodeWithin(protocol, protocol.message, bytes), from),
    })
  }

  #register(served: Served): Unsubscribe {
    const { id } = served.protocol
    if (this.#served.has(id)) throw new Error(`${id} is served twice`)
    this.#served.set(id, served)
    return () => {
      if (this.#served.get(id) === served) this.#served.delete(id)
    }
  }

  #endTo(to: NodeId): End {
    const end = this.#deps.connections.end(this.#deps.process, to)
    if (end === undefined) throw unreachable(to, 'not connected')
    return end
  }

  #exchange(
    end: End,
    { id, timeout }: { readonly id: string; readonly timeout: number },
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { process, medium, peer } = this.#deps
    const handling = new AbortController()
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        cancelTimer()
        signal.removeEventListener('abort', onAbort)
        end.closers.delete(onClose)
      }
      const giveUp = (error: Error): void => {
        finish()
        medium.send(process, end.remote, () => handling.abort(error))
        reject(error)
      }
      const onAbort = (): void => giveUp(reasonOf(signal))
      const onClose = (): void => giveUp(unreachable(end.remote.id, 'the connection broke'))
      const cancelTimer = process.clock.after(timeout, () =>
        giveUp(new ClawError('DEADLINE_EXCEEDED', { what: id, ms: timeout })),
      )
      signal.addEventListener('abort', onAbort, { once: true })
      end.closers.add(onClose)
      medium.send(process, end.remote, () =>
        peer(end.remote).#answer(id, bytes, { from: process, handling }, (reply) => {
          finish()
          if (reply instanceof Uint8Array) resolve(reply)
          else reject(failureFrom(reply))
        }),
      )
    })
  }

  #answer(
    id: string,
    bytes: Uint8Array,
    { from, handling }: { readonly from: Process; readonly handling: AbortController },
    reply: (reply: Uint8Array | FailureBody) => void,
  ): void {
    const { process, connections, medium } = this.#deps
    const end = connections.end(process, from.id)
    const onClose = (): void => handling.abort(unreachable(from.id, 'the connection broke'))
    const send = (answer: Uint8Array | FailureBody): void => {
      end?.closers.delete(onClose)
      medium.send(process, from, () => reply(answer))
    }
    end?.closers.add(onClose)
    this.#admitted(id, from.id, async (served) => {
      if (served.answer === undefined) throw mismatch(id)
      return served.answer(bytes, from.id, handling.signal)
    }).then(send, (error: unknown) => send(this.#failure(error)))
  }

  #serveItems(id: string, bytes: Uint8Array, from: NodeId, link: StreamLink): void {
    const end = this.#deps.connections.end(this.#deps.process, from)
    end?.closers.add(link.broken)
    this.#admitted(id, from, async (served) => {
      if (served.items === undefined) throw mismatch(id)
      await pump(served.items(bytes, from, link.signal), link)
    })
      .then(
        () => link.end(null),
        (error: unknown) => link.end(link.signal.aborted ? null : this.#failure(error)),
      )
      .finally(() => end?.closers.delete(link.broken))
      .catch(this.#deps.onBug)
  }

  #serveTalk(id: string, bytes: Uint8Array, from: NodeId, link: TalkLink): void {
    const end = this.#deps.connections.end(this.#deps.process, from)
    end?.closers.add(link.broken)
    this.#admitted(id, from, async (served) => {
      if (served.talk === undefined) throw mismatch(id)
      link.side.open()
      await served.talk(bytes, from, link.side, link.signal)
    })
      .then(
        () => link.end(null),
        (error: unknown) => link.end(link.signal.aborted ? null : this.#failure(error)),
      )
      .finally(() => end?.closers.delete(link.broken))
      .catch(this.#deps.onBug)
  }

  #takeNotice(id: string, bytes: Uint8Array, from: NodeId): void {
    const served = this.#served.get(id)
    if (served?.take === undefined || !this.#mayCall(served, from)) return
    try {
      served.take(bytes, from)
    } catch (error) {
      this.#failure(error)
    }
  }

  /** Runs a handler if the caller may call it and has not too many calls open. */
  async #admitted<T>(id: string, from: NodeId, handle: (served: Served) => Promise<T>): Promise<T> {
    const served = this.#served.get(id)
    if (served === undefined) throw mismatch(id)
    if (!this.#mayCall(served, from)) throw new ClawError('NOT_A_MEMBER', { reason: 'no valid certificate was shown' })
    const key = `${id} ${from}`
    const open = this.#inbound.get(key) ?? 0
    if (open >= served.protocol.maxInbound) throw new ClawError('RATE_LIMITED', { who: from })
    this.#inbound.set(key, open + 1)
    try {
      return await handle(served)
    } finally {
      this.#inbound.set(key, (this.#inbound.get(key) ?? 1) - 1)
    }
  }

  #mayCall(served: Served, from: NodeId): boolean {
    const { outsiders } = this.#deps.connections
    return served.protocol.audience === 'anyone' || !(outsiders.has(from) || outsiders.has(this.#deps.process.id))
  }

  #failure(error: unknown): FailureBody {
    if (error instanceof ClawError) return failureBody(error as ClawError)
    this.#deps.onBug(error)
    return failureBody(new ClawError('INTERNAL', { detail: error instanceof Error ? error.message : String(error) }))
  }
}

interface Limits {
  readonly id: string
  readonly maxBytes: number
}

function encodeWithin<T>({ id, maxBytes }: Limits, codec: Codec<T>, value: T): Uint8Array {
  const bytes = codec.encode(value)
  if (bytes.length > maxBytes) throw new ClawError('TOO_LARGE', { what: `A message of ${id}`, limit: maxBytes })
  return bytes
}

function decodeWithin<T>({ id, maxBytes }: Limits, codec: Codec<T>, bytes: Uint8Array): T {
  if (bytes.length > maxBytes) throw new ClawError('TOO_LARGE', { what: `A message of ${id}`, limit: maxBytes })
  try {
    return codec.decode(bytes)
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: `not a message of ${id}` }, { cause: error })
  }
}

const unreachable = (node: NodeId, detail: string): ClawError => new ClawError('NODE_UNREACHABLE', { node, detail })

const mismatch = (id: string): ClawError => new ClawError('PROTOCOL_MISMATCH', { ours: id, theirs: 'something else' })

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason })
