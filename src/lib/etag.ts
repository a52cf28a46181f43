/** What stores of objects call content: its MD5, or where it came in parts, the MD5 of those of its parts. Not for safety: to tell content apart. */
import { createHash } from 'node:crypto'

export interface ContentSums {
  readonly md5: string
  /** Whatever a store may call it. */
  readonly etags: readonly string[]
}

export class Etags {
  readonly #whole = createHash('md5')
  readonly #partBytes: number
  readonly #parts: Buffer[] = []
  #part = createHash('md5')
  #inPart = 0

  constructor(partBytes: number) {
    this.#partBytes = partBytes
  }

  add(chunk: Uint8Array): void {
    this.#whole.update(chunk)
    for (let rest = chunk; rest.length > 0;) {
      // One that is full may be the last.
      if (this.#inPart === this.#partBytes) this.#endPart()
      const some = rest.subarray(0, this.#partBytes - this.#inPart)
      this.#part.update(some)
      this.#inPart += some.length
      rest = rest.subarray(some.length)
    }
  }

  /** Once, at the end. */
  sums(): ContentSums {
    this.#endPart()
    const md5 = this.#whole.digest('hex')
    const parts = createHash('md5').update(Buffer.concat(this.#parts)).digest('hex')
    return { md5, etags: [md5, `${parts}-${this.#parts.length}`] }
  }

  #endPart(): void {
    this.#parts.push(this.#part.digest())
    this.#part = createHash('md5')
    this.#inPart = 0
  }
}
