/** Content that goes by: looked at, counted and summed up on its way. */
import { createHash } from 'node:crypto'

type Content = AsyncIterable<Uint8Array>

/** The same content; each chunk is looked at before it is passed on. */
export async function* passing(content: Content, look: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    look(chunk)
    yield chunk
  }
}

/** The same content; `onBytes` hears how many bytes there were so far. */
export function counted(content: Content, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0
  return passing(content, (chunk) => onBytes((bytes += chunk.length)))
}

/** How many bytes were added, and the SHA-256 of them all. */
export class Tally {
  readonly #hash = createHash('sha256')
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    this.#hash.update(chunk)
  }

  /** The SHA-256 so far. */
  peek(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Once, at the end. */
  sum(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
