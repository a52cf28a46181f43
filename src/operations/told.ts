/** The newest of what was noted while something else goes on, each time that it is enough more. */

/** Between two words on how far it is. */
const everyBytes = 32 * 1_048_576

export class Told implements AsyncIterable<number> {
  #bytes = 0
  #told = 0
  #isOver = false
  #wake = (): void => {}

  note(bytes: number): void {
    this.#bytes = bytes
    if (bytes - this.#told >= everyBytes) this.#wake()
  }

  /** All that was noted. */
  get bytes(): number {
    return this.#bytes
  }

  end(): void {
    this.#isOver = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    while (!this.#isOver) {
      if (this.#bytes - this.#told < everyBytes) await new Promise<void>((resolve) => (this.#wake = resolve))
      if (this.#isOver) return
      this.#told = this.#bytes
      yield this.#bytes
    }
  }
}
