/** The reading side of one stream: a bounded queue, refilled as it is read. */
import type { FailureBody } from '../../model/failure.ts'
import { failureFrom } from '../../model/failure.ts'
import { streamWindow } from '../../wire/frame.ts'
import type { End } from './connections.ts'
import type { Medium } from './medium.ts'
import { Channel } from './medium.ts'
import type { StreamLink } from './pump.ts'

export class StreamReader {
  readonly #medium: Medium
  readonly #forth: Channel
  readonly #back: Channel
  readonly #serving = new AbortController()
  readonly #items: Uint8Array[] = []
  #ended: { readonly error: unknown } | 'well' | null = null
  /** Bytes that the other side has sent and that, as far as it knows, nobody has read. */
  #ahead = 0
  #onItem = nothing
  #onRead = nothing

  constructor(medium: Medium, end: End) {
    this.#medium = medium
    const isOpen = (): boolean => end.open
    this.#forth = new Channel(end.local, end.remote, isOpen)
    this.#back = new Channel(end.remote, end.local, isOpen)
  }

  open(serve: (link: StreamLink) => void): void {
    const link: StreamLink = {
      signal: this.#serving.signal,
      broken: () => this.#serving.abort(new Error('the connection broke')),
      ready: () => this.#ready(),
      send: (item) => {
        this.#ahead += item.length
        this.#medium.sendFrame(this.#back, () => this.#arrived(item))
      },
      end: (failure) => this.#medium.sendFrame(this.#back, () => this.#over(failure)),
    }
    this.#medium.sendFrame(this.#forth, () => serve(link))
  }

  /** The next item, or null at the end. Throws what the handler threw, or what `fail` was given. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) {
        this.#medium.sendFrame(this.#forth, () => this.#wasRead(item.length))
        return item
      }
      if (this.#ended === 'well') return null
      if (this.#ended !== null) throw this.#ended.error
      await new Promise<void>((resolve) => (this.#onItem = resolve))
    }
  }

  /** Breaks off at once, whatever has not been read. */
  fail(error: unknown): void {
    this.#items.length = 0
    this.#ended = { error }
    this.#onItem()
  }

  /** Tells the other side that nobody reads any more. */
  cancel(): void {
    if (this.#ended === 'well') return
    this.#medium.sendFrame(this.#forth, () => this.#serving.abort(new Error('the reader has left')))
  }

  async #ready(): Promise<void> {
    while (this.#ahead >= streamWindow) await new Promise<void>((resolve) => (this.#onRead = resolve))
  }

  #wasRead(bytes: number): void {
    this.#ahead -= bytes
    this.#onRead()
  }

  #arrived(item: Uint8Array): void {
    if (this.#ended !== null) return
    this.#items.push(item)
    this.#onItem()
  }

  #over(failure: FailureBody | null): void {
    this.#ended ??= failure === null ? 'well' : { error: failureFrom(failure) }
    this.#onItem()
  }
}

function nothing(): void {}
