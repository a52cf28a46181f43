/** Calls from outside a mesh, over a connection of its own: how a host joins, and how the CLI attaches to a distant peer. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { encryption } from './encryption.ts'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import { abortable } from '../../lib/abortable.ts'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Conversation } from '../../ports/conversation.ts'
import type { DuplexProtocol, Protocol, StreamProtocol } from '../../ports/rpc.ts'
import type { Visit, Visitor } from '../../ports/visitor.ts'
import { deadline } from './abort.ts'
import { CallsOut } from './calls-out.ts'
import { dialable, explain, unreachable } from './dial-failure.ts'
import { type Bounds, decoded, encoded } from './handlers.ts'
import { mute, protector, tcpFrom } from './node.ts'
import { answerOf } from './rpc.ts'
import { StreamPipe } from './stream-pipe.ts'

export interface VisitorInit {
  /** The key that the connection proves: a newcomer's or an operator's. */
  readonly identity: { readonly seed: Uint8Array }
  readonly networkKey: Uint8Array | null
  readonly clock: Clock
  /** Local address that its connections come from; the system chooses if left out. */
  readonly dialFrom?: string | null
}

/** A visitor, and how to let go of its network. */
export interface OpenVisitor extends Visitor {
  close(): Promise<void>
}

const dialTimeout: Millis = 6 * second

export async function openVisitor({ identity, networkKey, clock, dialFrom = null }: VisitorInit): Promise<OpenVisitor> {
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', identity.seed),
    logger: mute,
    addresses: { listen: [] },
    transports: [tcpFrom(dialFrom)],
    connectionEncrypters: [encryption()],
    streamMuxers: [yamux({ enableKeepAlive: false })],
    connectionManager: { dialTimeout, addressDialTimeout: dialTimeout, reconnectRetries: 0 },
    connectionMonitor: { enabled: false },
    ...protector(networkKey),
  })
  return {
    close: async () => node.stop(),
    async visit(addresses, signal) {
      const connection = await connect(node, addresses, signal)
      return new LibpVisit(connection, clock)
    },
  }
}

/** Dials all peers at once and keeps the first that answers. */
async function connect(node: Libp2p, addresses: readonly string[], signal: AbortSignal): Promise<Connection> {
  const peers = new Set(addresses.flatMap((address) => /\/p2p\/([^/]+)$/.exec(address)?.[1] ?? []))
  if (peers.size === 0) throw unreachable('(unknown)', 'no address ends in /p2p/ and a peer id')
  const dials = [...peers].map((peer) => node.dial([...dialable(nodeId(peer), addresses)], { signal }))
  try {
    return await abortable(Promise.any(dials), signal)
  } catch (error) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : error
    throw unreachable([...peers].join(', '), explain(first), error)
  }
}

class LibpVisit implements Visit {
  readonly peer: NodeId
  readonly #connection: Connection
  readonly #clock: Clock

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
    this.peer = nodeId(connection.remotePeer.toString())
  }

  async call<Request, Response>(
    protocol: Protocol<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    const { id, timeout: ms } = protocol
    const bytes = encoded(protocol.request, request, protocol)
    const late = (): ClawError => new ClawError('DEADLINE_EXCEEDED', { what: id, ms })
    const limit = deadline({ clock: this.#clock, signal, ms, late })
    let pipe: StreamPipe | null = null
    try {
      const opened = await this.#open(protocol, limit.signal)
      pipe = opened.pipe
      const reply = await opened.calls.call({ bounds: protocol, request: bytes, signal: limit.signal })
      return answerOf(() => decoded(protocol.response, reply, id))
    } finally {
      limit.clear()
      await pipe?.close()
    }
  }

  async *stream<Request, Item>(
    protocol: StreamProtocol<Request, Item>,
    request: Request,
    signal: AbortSignal,
  ): AsyncGenerator<Item> {
    const bytes = encoded(protocol.request, request, protocol)
    const { calls, pipe } = await this.#open(protocol, signal)
    try {
      for await (const item of calls.stream({ bounds: protocol, request: bytes, signal }))
        yield answerOf(() => decoded(protocol.item, item, protocol.id))
    } finally {
      await pipe.close()
    }
  }

  /** Its stream ends with the conversation. */
  async converse<Request>(
    protocol: DuplexProtocol<Request>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Conversation> {
    const bytes = encoded(protocol.request, request, protocol)
    const { calls, pipe } = await this.#open(protocol, signal)
    const onOver = (): void => {
      pipe.close().catch((error: unknown) => pipe.abort(error instanceof Error ? error : new Error(String(error))))
    }
    return calls.converse({ bounds: protocol, request: bytes, signal, onOver })
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #open(bounds: Bounds, signal: AbortSignal): Promise<{ readonly calls: CallsOut; readonly pipe: StreamPipe }> {
    try {
      const stream = await this.#connection.newStream(bounds.id, { signal })
      const pipe: StreamPipe = new StreamPipe({
        stream,
        maxBytes: bounds.maxBytes + maxFailure,
        onFrame: (message) => calls.take(message),
        onEnd: ({ error }) => calls.end(unreachable(this.peer, 'the connection broke', error ?? undefined)),
      })
      const calls = new CallsOut(pipe)
      return { calls, pipe }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Error && error.name === 'UnsupportedProtocolError')
        throw new ClawError('PROTOCOL_MISMATCH', { ours: bounds.id, theirs: 'something else' }, { cause: error })
      throw unreachable(this.peer, 'the connection broke', error)
    }
  }
}

/** A failure may be longer than any answer of a small protocol. */
const maxFailure = 81_920
