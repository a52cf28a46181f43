/** Connections to replicas of this host that other peers ask for. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId, PlacementId } from '../../model/ids.ts'
import type { ByteStream } from '../../ports/byte-stream.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import { openConnection, sendOver } from '../../wire/service.ts'

export interface TunnelEndsDeps {
  readonly self: NodeId
  readonly rpc: Pick<Rpc, 'serve' | 'serveStream'>
  /** Connects to a port of a placement of this host. Throws a ClawError. */
  readonly dial: (placement: PlacementId, port: number, signal: AbortSignal) => Promise<ByteStream>
}

/** Most bytes in one item. */
const pieceBytes = 64 * 1_024

export class TunnelEnds {
  readonly #deps: TunnelEndsDeps
  readonly #open = new Map<string, ByteStream>()
  #served: readonly Unsubscribe[] = []

  constructor(deps: TunnelEndsDeps) {
    this.#deps = deps
  }

  start(): void {
    const { rpc } = this.#deps
    this.#served = [
      rpc.serveStream(openConnection, ({ connection, placement, port }, from, signal) =>
        this.#carry(keyOf(from, connection), { placement: placement as PlacementId, port }, signal),
      ),
      rpc.serve(sendOver, async ({ connection, data, isEnd }, from) => {
        const stream = this.#open.get(keyOf(from, connection))
        if (stream === undefined)
          throw new ClawError('NODE_UNREACHABLE', { node: this.#deps.self, detail: 'the connection is gone' })
        if (data.length > 0) await this.#write(stream, data)
        if (isEnd) stream.end()
        return {}
      }),
    ]
  }

  stop(): void {
    for (const unserve of this.#served) unserve()
    this.#served = []
    for (const stream of this.#open.values()) stream.abort()
  }

  async *#carry(
    key: string,
    { placement, port }: { readonly placement: PlacementId; readonly port: number },
    signal: AbortSignal,
  ): AsyncGenerator<{ data: Uint8Array }> {
    if (this.#open.has(key)) throw new ClawError('INVALID_REQUEST', { problem: 'the connection is open already' })
    const stream = await this.#deps.dial(placement, port, signal)
    this.#open.set(key, stream)
    const cut = (): void => stream.abort()
    signal.addEventListener('abort', cut, { once: true })
    try {
      yield { data: new Uint8Array() }
      for await (const chunk of stream.incoming)
        for (let at = 0; at < chunk.length; at += pieceBytes) yield { data: chunk.subarray(at, at + pieceBytes) }
    } catch (error) {
      throw this.#asBroken(error)
    } finally {
      signal.removeEventListener('abort', cut)
      this.#open.delete(key)
      stream.abort()
    }
  }

  async #write(stream: ByteStream, data: Uint8Array): Promise<void> {
    try {
      await stream.write(data)
    } catch (error) {
      throw this.#asBroken(error)
    }
  }

  /** A connection may break at any time, and whoever uses it has to hear of it. */
  #asBroken(error: unknown): ClawError {
    if (isExpected(error)) return error
    const detail = error instanceof Error ? error.message : 'the connection broke'
    return new ClawError('NODE_UNREACHABLE', { node: this.#deps.self, detail }, { cause: error })
  }
}

const isExpected = (error: unknown): error is ClawError => error instanceof ClawError

/** Nobody can write into the connections of others. */
const keyOf = (from: NodeId, connection: string): string => `${from} ${connection}`
