/** A connection to a replica: a socket on this host, or a stream to another that is dressed as one. Each way ends by itself. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { ClawError } from '../../model/failure.ts'
import type { ByteStream } from '../../ports/dial.ts'
import type { Chosen, Outcome } from '../../ports/service-door.ts'

/** Longest wait for a connection. */
const connectMs = 5_000

/** A replica that no connection could be made to. */
export class Unreachable extends Error {
  readonly code = 'CLAW_UNREACHABLE'

  get outcome(): Outcome {
    const isBusy = ClawError.is(this.cause, 'RATE_LIMITED')
    return { type: 'unreachable', ...(isBusy && { isBusy }) }
  }
}

/** Throws Unreachable. Whoever gets it has to end it. */
export async function linkTo(chosen: Chosen): Promise<Duplex> {
  const late = AbortSignal.timeout(connectMs)
  try {
    const reach = await chosen.reach(late)
    if ('stream' in reach) return new StreamSocket(reach.stream)
    return await connected(connect({ ...reach, noDelay: true, keepAlive: true, allowHalfOpen: true }), late)
  } catch (error) {
    if (!(error instanceof ClawError || isSystemError(error) || late.aborted)) throw error
    throw new Unreachable(error instanceof Error ? error.message : 'no connection', { cause: error })
  }
}

async function connected(socket: Socket, signal: AbortSignal): Promise<Duplex> {
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/** Node's HTTP client takes any Duplex for a socket that has these few methods besides. */
class StreamSocket extends Duplex {
  /** As a socket's: after so long without a byte, ms; 0 for never. */
  timeout = 0
  readonly #stream: ByteStream
  readonly #received: AsyncIterator<Uint8Array>
  #idle: NodeJS.Timeout | undefined

  constructor(stream: ByteStream) {
    super({ allowHalfOpen: true })
    this.#stream = stream
    this.#received = stream.received[Symbol.asyncIterator]()
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setTimeout(ms: number, listener?: () => void): this {
    clearTimeout(this.#idle)
    this.timeout = ms
    this.#idle = ms > 0 && !this.destroyed ? setTimeout(() => this.emit('timeout'), ms).unref() : undefined
    if (listener === undefined) return this
    return ms > 0 ? this.once('timeout', listener) : this.off('timeout', listener)
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {
    this.#received.next().then(
      ({ done, value }) => {
        this.#idle?.refresh()
        this.push(done === true ? null : value)
      },
      (error: unknown) => this.destroy(asError(error)),
    )
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#idle?.refresh()
    this.#stream.send(chunk).then(
      () => callback(),
      (error: unknown) => callback(asError(error)),
    )
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#stream.end()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idle)
    this.#stream.close()
    callback(error)
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
