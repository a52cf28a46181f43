/**
 * What a connection brings, read into the same memory again and again: memory of its own for every read keeps the garbage collector busier
 * than all that is done with the bytes.
 */
import type { OnReadOpts, Socket } from 'node:net'
import { cut } from './engine-answer.ts'

/** Most of what the system keeps of a connection that is not read. */
const burstBytes = 131_072
/** After less than so much there is a pause, in which more can gather: what comes alone does not wait, the pause is behind it. */
const enough = 65_536
const pauseMs = 1

export class Intake implements AsyncIterable<Buffer> {
  /** One is with the reader while the other is there for what comes next. */
  readonly #memory = [Buffer.allocUnsafeSlow(burstBytes), Buffer.allocUnsafeSlow(burstBytes)] as const
  #free: 0 | 1 = 0
  #burst: Buffer | null = null
  #isUnwanted = false
  #end: { readonly failure: Error | null } | null = null
  #wake = (): void => {}
  #socket: Socket | null = null

  /** What the connection is to be opened with. After each burst nothing more is read until the reader asks for it. */
  readonly onread: OnReadOpts = {
    buffer: () => {
      if (!this.#isUnwanted) this.#free = this.#free === 0 ? 1 : 0
      return this.#memory[this.#free]
    },
    callback: (count, buffer) => {
      if (this.#isUnwanted) return true
      this.#burst = Buffer.from(buffer.buffer, buffer.byteOffset, count)
      this.#wake()
      return false
    },
  }

  attach(socket: Socket): void {
    this.#socket = socket
    const over = (failure: Error | null): void => {
      this.#end ??= { failure }
      this.#wake()
    }
    socket.on('end', () => over(null))
    socket.on('error', over)
    socket.on('close', () => over(cut()))
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
        const burst = this.#burst
        if (burst !== null) {
          this.#burst = null
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
