/** What arrives, for one reader, in order. Whoever puts things in sees to it that they do not pile up. */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  #over: { readonly error: unknown } | 'ended' | null = null
  #wake: () => void = () => {}

  get isOver(): boolean {
    return this.#over !== null
  }

  get size(): number {
    return this.#items.length
  }

  put(item: T): void {
    if (this.#over !== null) return
    this.#items.push(item)
    this.#wake()
  }

  /** Nothing more comes; what is there is still read. */
  end(): void {
    this.#over ??= 'ended'
    this.#wake()
  }

  /** The reader gets what is there, and then this error. */
  fail(error: unknown): void {
    this.#over ??= { error }
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const batch = this.#items.splice(0)
      yield* batch
      if (this.#items.length > 0) continue
      if (this.#over === 'ended') return
      if (this.#over !== null) throw this.#over.error
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
