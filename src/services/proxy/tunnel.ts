/** Connections to replicas on other hosts: this peer's end of those that it opens. */
import { ClawError } from '../../model/failure.ts'
import type { Endpoint } from '../../core/proxy/balance.ts'
import type { NodeId } from '../../model/ids.ts'
import type { ByteStream } from '../../ports/byte-stream.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { openConnection, sendOver } from '../../wire/service.ts'

export interface TunnelDeps {
  readonly rpc: Pick<Rpc, 'call' | 'stream'>
  readonly random: Random
}

/** Most that is sent at a time, and most that waits to be sent. */
const pieceBytes = 256 * 1_024
const waitingBytes = 512 * 1_024

/** Returns once the replica is connected. Throws what calls to a peer throw. The signal counts until then. */
export async function openTunnel(
  { rpc, random }: TunnelDeps,
  { node, placement, port }: Endpoint,
  signal: AbortSignal,
): Promise<ByteStream> {
  const connection = Array.from(random.bytes(12), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const life = new AbortController()
  const giveUp = (): void => life.abort(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const items = rpc.stream(node, openConnection, { connection, placement, port }, life.signal)[Symbol.asyncIterator]()
    if ((await items.next()).done === true)
      throw new ClawError('NODE_UNREACHABLE', { node, detail: 'the replica took no connection' })
    return new Tunnel({ rpc, node, connection, life }, items)
  } catch (error) {
    life.abort(new ClawError('NODE_UNREACHABLE', { node, detail: 'the connection was not made' }))
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

interface TunnelEnd {
  readonly rpc: Pick<Rpc, 'call'>
  readonly node: NodeId
  readonly connection: string
  readonly life: AbortController
}

class Tunnel implements ByteStream {
  readonly incoming: AsyncIterable<Uint8Array>
  readonly #end: TunnelEnd
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #isEnding = false
  /** What is being sent; never rejects. */
  #sending: Promise<void> | null = null
  #failure: ClawError | null = null

  constructor(end: TunnelEnd, items: AsyncIterator<{ readonly data: Uint8Array }>) {
    this.#end = end
    this.incoming = dataOf(items)
  }

  async write(data: Uint8Array): Promise<void> {
    this.#check()
    this.#waiting.push(data)
    this.#waitingBytes += data.length
    this.#sending ??= this.#send()
    while (this.#waitingBytes > waitingBytes && this.#sending !== null) await this.#sending
    this.#check()
  }

  end(): void {
    this.#isEnding = true
    this.#sending ??= this.#send()
  }

  abort(): void {
    const { node, life } = this.#end
    life.abort(new ClawError('NODE_UNREACHABLE', { node, detail: 'the connection was closed' }))
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure
    this.#end.life.signal.throwIfAborted()
  }

  /** One piece after the other; what comes meanwhile goes with the next. */
  async #send(): Promise<void> {
    const { rpc, node, connection, life } = this.#end
    try {
      for (let isEnd = false; !isEnd && (this.#waitingBytes > 0 || this.#isEnding);) {
        const data = this.#take()
        isEnd = this.#isEnding && this.#waitingBytes === 0
        await rpc.call(node, sendOver, { connection, data, isEnd }, life.signal)
      }
    } catch (error) {
      if (!isExpected(error)) throw error
      this.#failure = error
      life.abort(error)
    } finally {
      this.#sending = null
    }
  }

  #take(): Uint8Array {
    const whole = joined(this.#waiting, this.#waitingBytes)
    const piece = whole.subarray(0, pieceBytes)
    this.#waiting = whole.length > pieceBytes ? [whole.subarray(pieceBytes)] : []
    this.#waitingBytes -= piece.length
    return piece
  }
}

const isExpected = (error: unknown): error is ClawError => error instanceof ClawError

async function* dataOf(items: AsyncIterator<{ readonly data: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for (let item = await items.next(); item.done !== true; item = await items.next()) yield item.value.data
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only, ...others] = parts
  if (only !== undefined && others.length === 0) return only
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
