/** What this peer serves, by protocol id, with the types taken off: bytes in, bytes out. */
import type { NodeId } from '../../model/ids.ts'
import type {
  Audience,
  DuplexHandler,
  DuplexProtocol,
  Handler,
  Lane,
  NoticeHandler,
  NoticeProtocol,
  Protocol,
  StreamHandler,
  StreamProtocol,
  Unsubscribe,
} from '../../ports/rpc.ts'
import type { Codec } from '../../ports/codec.ts'
import type { ServedConversation } from '../../ports/conversation.ts'
import type { Millis } from '../../model/time.ts'
import { ClawError } from '../../model/failure.ts'
import { laneMaxBytes } from '../../wire/frame.ts'

/** The limits of a protocol, whatever its messages are. */
export interface Bounds {
  readonly id: string
  readonly audience: Audience
  readonly lane: Lane
  readonly maxBytes: number
  readonly maxInbound: number
}

export type Served =
  | {
      readonly kind: 'call'
      readonly bounds: Bounds
      readonly timeout: Millis
      readonly handle: (request: Uint8Array, from: NodeId, signal: AbortSignal) => Promise<Uint8Array>
    }
  | {
      readonly kind: 'stream'
      readonly bounds: Bounds
      readonly handle: (request: Uint8Array, from: NodeId, signal: AbortSignal) => AsyncIterable<Uint8Array>
    }
  | {
      readonly kind: 'duplex'
      readonly bounds: Bounds
      readonly handle: (
        request: Uint8Array,
        from: NodeId,
        side: ServedConversation,
        signal: AbortSignal,
      ) => Promise<void>
    }
  | {
      readonly kind: 'notice'
      readonly bounds: Bounds
      readonly handle: (message: Uint8Array, from: NodeId) => void
    }

/** A message that is not what its protocol says. Blamed on the sender. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** Reads a message of a peer, or throws Malformed. */
export function decoded<T>(codec: Codec<T>, bytes: Uint8Array, id: string): T {
  try {
    return codec.decode(bytes)
  } catch (cause) {
    throw new Malformed(`not a message of ${id}`, { cause })
  }
}

/** Writes a message of ours, or throws TOO_LARGE. */
export function encoded<T>(codec: Codec<T>, message: T, { id, maxBytes }: Pick<Bounds, 'id' | 'maxBytes'>): Uint8Array {
  const bytes = codec.encode(message)
  if (bytes.length > maxBytes) throw new ClawError('TOO_LARGE', { what: `A message of ${id}`, limit: maxBytes })
  return bytes
}

export class Handlers {
  readonly #served = new Map<string, Served>()
  readonly #listeners: ((served: Served) => Unsubscribe)[] = []

  find(id: string): Served | undefined {
    return this.#served.get(id)
  }

  /** Tells of everything that is served, now and later. What the listener returns is called when it is served no more. */
  onServed(listener: (served: Served) => Unsubscribe): void {
    this.#listeners.push(listener)
  }

  serve<Request, Response>(protocol: Protocol<Request, Response>, handle: Handler<Request, Response>): Unsubscribe {
    return this.#add({
      kind: 'call',
      bounds: protocol,
      timeout: protocol.timeout,
      async handle(bytes, from, signal) {
        const response = await handle(decoded(protocol.request, bytes, protocol.id), from, signal)
        return encoded(protocol.response, response, protocol)
      },
    })
  }

  serveStream<Request, Item>(
    protocol: StreamProtocol<Request, Item>,
    handle: StreamHandler<Request, Item>,
  ): Unsubscribe {
    return this.#add({
      kind: 'stream',
      bounds: protocol,
      async *handle(bytes, from, signal) {
        for await (const item of handle(decoded(protocol.request, bytes, protocol.id), from, signal))
          yield encoded(protocol.item, item, protocol)
      },
    })
  }

  serveDuplex<Request>(protocol: DuplexProtocol<Request>, handle: DuplexHandler<Request>): Unsubscribe {
    return this.#add({
      kind: 'duplex',
      bounds: protocol,
      handle: async (bytes, from, side, signal) =>
        handle(decoded(protocol.request, bytes, protocol.id), from, side, signal),
    })
  }

  onNotice<Message>(protocol: NoticeProtocol<Message>, handle: NoticeHandler<Message>): Unsubscribe {
    return this.#add({
      kind: 'notice',
      bounds: protocol,
      handle: (bytes, from) => handle(decoded(protocol.message, bytes, protocol.id), from),
    })
  }

  #add(served: Served): Unsubscribe {
    const { id, lane, maxBytes } = served.bounds
    if (this.#served.has(id)) throw new Error(`${id} is already served`)
    if (maxBytes > laneMaxBytes[lane]) throw new Error(`${id} allows more bytes than its lane`)
    this.#served.set(id, served)
    const undo = this.#listeners.map((listener) => listener(served))
    return () => {
      if (this.#served.get(id) === served) this.#served.delete(id)
      for (const take of undo) take()
    }
  }
}
