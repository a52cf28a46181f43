/**
 * What a connection brings, read into the same memory again and again: memory of its own for every read keeps the garbage collector busier
 * than all that is done with the bytes. Not so over TLS, where one read brings several records, and none of them waits for the one before
 * to be taken.
 */
import type { OnReadOpts, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { cut } from './engine-answer.ts'

/** Most of what the system keeps of a connection that is not read. */
const mostBytes = 131_072
/** Enough for somebody who types. What is full is taken for too small. */
const leastBytes = 8_192
const growth = 4
/** After less than so much there is a pause, in which more can gather: what comes alone does not wait, the pause is behind it. */
const enough = 65_536
const pauseMs = 1

export class Intake implements AsyncIterable<Buffer> {
  /** One is with the reader while the other is there for what comes next. */
  readonly #memory: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)]
  #size = leastBytes
  #free: 0 | 1 = 0
  /** What has come, and nobody has taken: one at most of what is read into our memory. */
  #bursts: Buffer[] = []
  #isUnwanted = false
  #end: { readonly failure: Error | null } | null = null
  #wake = (): void => {}
  #socket: Socket | null = null

  /** What the connection is to be opened with. After each burst nothing more is read until the reader asks for it. */
  readonly onread: OnReadOpts = {
    buffer: () => {
      if (!this.#isUnwanted) this.#free = this.#free === 0 ? 1 : 0
      if (this.#memory[this.#free].length < this.#size) this.#memory[this.#free] = Buffer.allocUnsafeSlow(this.#size)
      return this.#memory[this.#free]
    },
    callback: (count, buffer) => {
      if (this.#isUnwanted) return true
      if (count === buffer.byteLength) this.#size = Math.min(this.#size * growth, mostBytes)
      this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, count))
      return false
    },
  }

  attach(socket: Socket): void {
    this.#socket = socket
    const over = (failure: Error | null): void => {
      this.#end ??= { failure }
      this.#wake()
    }
    if (socket instanceof TLSSocket)
      socket.on('data', (piece: Buffer) => {
        if (this.#isUnwanted) return
        this.#take(piece)
        if (this.#waiting >= enough) socket.pause()
      })
    socket.on('end', () => over(null))
    socket.on('error', over)
    socket.on('close', () => over(cut()))
  }

  #take(burst: Buffer): void {
    this.#bursts.push(burst)
    this.#wake()
  }

  get #waiting(): number {
    return this.#bursts.reduce((sum, { length }) => sum + length, 0)
  }

  /** Null for nothing. */
  #taken(): Buffer | null {
    const [first, ...more] = this.#bursts
    if (first === undefined) return null
    this.#bursts = []
    return more.length === 0 ? first : Buffer.concat([first, ...more])
  }

  /** Reads on, and drops what comes from now on. */
  discard(): void {
    this.#isUnwanted = true
    this.#socket?.resume()
  }

  /**
   * All that is there each time, for one reader, who may write to it and has it until the next is asked for. Whoever leaves before the end
   * closes the connection. Throws what ended it, also when it was cut off.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined> {
    try {
      for (;;) {
        const burst = this.#taken()
        if (burst !== null) {
          yield burst
          if (burst.length < enough && this.#end === null) await new Promise((resolve) => setTimeout(resolve, pauseMs))
          this.#socket?.resume()
        } else if (this.#end === null) await new Promise<void>((resolve) => (this.#wake = resolve))
        else if (this.#end.failure === null) return
        else throw this.#end.failure
      }
    } finally {
      this.#socket?.destroy()
    }
  }
}
