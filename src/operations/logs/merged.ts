/** Several streams as one, in the order in which their items come. None runs ahead of the reader by more than an item. */

export class Merged<T> {
  readonly #iterators = new Set<AsyncIterator<T>>()
  readonly #ready: { readonly iterator: AsyncIterator<T>; readonly result: IteratorResult<T> }[] = []
  #failure: { readonly error: unknown } | null = null
  readonly #isOpen: () => boolean
  #wake = (): void => {}

  /** While `isOpen`, more streams may be added, so it has not ended when all there are have. */
  constructor(isOpen: () => boolean = () => false) {
    this.#isOpen = isOpen
  }

  /** How many streams have not ended. */
  get size(): number {
    return this.#iterators.size
  }

  add(items: AsyncIterable<T>): void {
    const iterator = items[Symbol.asyncIterator]()
    this.#iterators.add(iterator)
    this.#pull(iterator)
  }

  /** Looks again whether more may be added. */
  recheck(): void {
    this.#wake()
  }

  /** The next item of any; null when all have ended and no more may come. Throws what one of them throws. */
  async next(): Promise<T | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error
      const first = this.#ready.shift()
      if (first === undefined) {
        if (this.#iterators.size === 0 && !this.#isOpen()) return null
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      const { iterator, result } = first
      if (result.done !== true) {
        this.#pull(iterator)
        return result.value
      }
      this.#iterators.delete(iterator)
    }
  }

  /** Whoever called the streams off waits here until they have ended. */
  async close(): Promise<void> {
    const ends = [...this.#iterators].map((iterator) => iterator.return?.() ?? Promise.resolve())
    await Promise.allSettled(ends)
  }

  #pull(iterator: AsyncIterator<T>): void {
    iterator.next().then(
      (result) => {
        this.#ready.push({ iterator, result })
        this.#wake()
      },
      (error: unknown) => {
        this.#iterators.delete(iterator)
        this.#failure ??= { error }
        this.#wake()
      },
    )
  }
}
