/** Frames over one libp2p stream, each with its length before it. */
import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { frameCodec, frameOverhead, type FrameMessage } from '../../wire/frame.ts'
import { maxBacklog, type Pipe } from './pipe.ts'
import { spareUpdates } from './window.ts'

/** So many bytes are worth a message of their own; fewer wait for what else is sent in this turn of the event loop. */
const enough = 32_768

/** A frame of so many bytes is most of the message that it came with, and keeps the memory of that; shorter ones are copied out of it. */
const worthSharing = 32_768

export interface StreamPipeInit {
  readonly stream: Stream
  /** Largest payload that may arrive. */
  readonly maxBytes: number
  readonly onFrame: (message: FrameMessage) => void
  /** Once, when nothing more can arrive or leave. `blame` names what the peer did wrong, if that was why. */
  readonly onEnd: (end: { readonly blame: string | null; readonly error: Error | null }) => void
}

/**
 * Frames that are sent in one turn of the event loop leave as one message: each message is encrypted, written to the socket and read by
 * itself, which costs many times what a short frame does.
 */
export class StreamPipe implements Pipe {
  readonly #init: StreamPipeInit
  readonly #received = new Uint8ArrayList()
  #toSend = new Uint8ArrayList()
  #due: NodeJS.Immediate | null = null
  /** Called when there may be room again, or never will be. */
  #waiting: (() => void)[] = []
  #waking: NodeJS.Immediate | null = null
  #ended = false

  constructor(init: StreamPipeInit) {
    this.#init = init
    const { stream } = init
    stream.maxWriteBufferLength = 16 * maxBacklog
    spareUpdates(stream)
    stream.addEventListener('close', ({ error }) => this.#end(null, error ?? null))
    stream.addEventListener('remoteCloseWrite', () => this.#end(null, null))
    stream.addEventListener('message', ({ data }) => this.#take(data))
    stream.addEventListener('drain', () => this.#wakeOne())
    stream.addEventListener('idle', () => this.#wakeOne())
    // A stream that ended before we listened still holds what it brought, and gives it out in the microtask before this one.
    if (stream.status !== 'open') queueMicrotask(() => this.#end(null, null))
  }

  get backlog(): number {
    return this.#init.stream.writeBufferLength + this.#toSend.length
  }

  send(message: FrameMessage): void {
    if (this.#ended) return
    this.#toSend.append(withLength(frameCodec.encode(message)))
    if (this.#toSend.length >= enough) this.flush()
    else this.#due ??= setImmediate(() => this.flush())
  }

  /** Sends at once what waits for the end of this turn. */
  flush(): void {
    const { stream } = this.#init
    const bytes = this.#toSend
    this.#forget()
    if (this.#ended || bytes.length === 0 || stream.writeStatus !== 'writable') return
    try {
      stream.send(bytes)
    } catch (error) {
      // The connection below ended in this very moment: the stream itself does not know yet.
      this.abort(error instanceof Error ? error : new Error('the stream cannot be written', { cause: error }))
    }
  }

  /**
   * Not by the stream's own `onDrain`: once that has resolved it always does at once, so whoever waits with it for the second time spins,
   * and holds up the event loop that would bring the room.
   */
  async ready(): Promise<void> {
    while (!this.#ended && this.#init.stream.writeBufferLength > maxBacklog)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Ends our side once everything is sent. */
  async close(): Promise<void> {
    this.flush()
    await this.#init.stream.close()
  }

  /** Ends both sides at once. */
  abort(reason: Error): void {
    this.#end(null, reason)
    this.#init.stream.abort(reason)
  }

  /** One in a turn: all at once would not see what the others send, and together overfill the stream. */
  #wakeOne(): void {
    if (this.#waking !== null || this.#waiting.length === 0) return
    this.#waking = setImmediate(() => {
      this.#waking = null
      if (this.#init.stream.writeBufferLength > maxBacklog) return
      this.#waiting.shift()?.()
      this.#wakeOne()
    })
  }

  #forget(): void {
    if (this.#due !== null) clearImmediate(this.#due)
    this.#due = null
    this.#toSend = new Uint8ArrayList()
  }

  #take(data: Uint8Array | Uint8ArrayList): void {
    this.#received.append(data)
    for (let message = this.#next(); message !== null && !this.#ended; message = this.#next())
      this.#init.onFrame(message)
  }

  /** The next frame that has arrived whole. Bytes that are no frame end the pipe. */
  #next(): FrameMessage | null {
    try {
      const body = this.#nextBody()
      return body === null ? null : frameCodec.decode(body)
    } catch (error) {
      this.#end(error instanceof Oversized ? 'oversized' : 'malformed', error instanceof Error ? error : null)
      this.#init.stream.abort(new Error('not a frame', { cause: error }))
      return null
    }
  }

  /** Cuts the next whole frame off what has arrived. Throws RangeError when its length is more than may be. */
  #nextBody(): Uint8Array | null {
    const received = this.#received
    let length = 0
    for (let i = 0, factor = 1; i < received.length; i += 1, factor *= 128) {
      if (i === 4) throw new Oversized('length of too many digits')
      const byte = received.get(i)
      length += (byte & 0x7f) * factor
      if (byte >= 0x80) continue

      if (length > this.#init.maxBytes + frameOverhead) throw new Oversized(`frame of ${length} bytes`)
      if (received.length < i + 1 + length) return null
      const [from, to] = [i + 1, i + 1 + length]
      const body = length < worthSharing ? received.slice(from, to) : received.subarray(from, to)
      received.consume(i + 1 + length)
      return body
    }
    return null
  }

  #end(blame: string | null, error: Error | null): void {
    if (this.#ended) return
    this.#ended = true
    this.#forget()
    for (const resolve of this.#waiting.splice(0)) resolve()
    this.#received.consume(this.#received.length)
    this.#init.onEnd({ blame, error })
  }
}

class Oversized extends Error {
  override readonly name = 'Oversized'
}

/** Unsigned varint of the length, least significant digit first, then the bytes. */
function withLength(body: Uint8Array): Uint8ArrayList {
  const digits: number[] = []
  for (let rest = body.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      digits.push(rest)
      return new Uint8ArrayList(Uint8Array.from(digits), body)
    }
    digits.push((rest & 0x7f) | 0x80)
  }
}
