/**
 * The body of an HTTP answer that comes in chunks, put together. The engine sends every line of a log as a chunk of its own, and a parser
 * that calls back for each of them costs more than all that is done with the lines.
 */

const [lineEnd, carriageReturn, semicolon] = [0x0a, 0x0d, 0x3b]
const largestChunk = 2 ** 31

/** The value of a hexadecimal digit; -1 for any other byte. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

export class ChunkedBody {
  /** The last chunk has come, and what follows it. */
  isOver = false
  #state: 'size' | 'extension' | 'data' | 'after data' | 'trailer' = 'size'
  /** What is left of the chunk, or its size as far as it is read. */
  #left = 0
  #lineLength = 0

  /** What of the body is in these bytes, in their place. Throws for what is not such a body. */
  push(bytes: Buffer): Buffer {
    let to = 0
    for (let at = 0; at < bytes.length && !this.isOver;) {
      if (this.#state !== 'data') {
        this.#mark(bytes[at] ?? 0)
        at += 1
        continue
      }
      const end = Math.min(bytes.length, at + this.#left)
      bytes.copyWithin(to, at, end)
      to += end - at
      this.#left -= end - at
      at = end
      if (this.#left === 0) this.#state = 'after data'
    }
    return bytes.subarray(0, to)
  }

  #mark(byte: number): void {
    if (byte === carriageReturn) return
    if (byte === lineEnd) return this.#endLine()
    this.#lineLength += 1
    if (this.#state === 'after data') throw malformed()
    if (this.#state !== 'size') return
    const digit = digitOf(byte)
    if (byte === semicolon && this.#lineLength > 1) this.#state = 'extension'
    else if (digit < 0 || this.#left > largestChunk) throw malformed()
    else this.#left = this.#left * 16 + digit
  }

  #endLine(): void {
    const isEmpty = this.#lineLength === 0
    this.#lineLength = 0
    if (this.#state === 'after data') this.#state = 'size'
    else if (this.#state === 'trailer') this.isOver = isEmpty
    else if (isEmpty) throw malformed()
    else this.#state = this.#left === 0 ? 'trailer' : 'data'
  }
}

const malformed = (): Error =>
  Object.assign(new Error('the engine sent a broken body'), { code: 'HPE_INVALID_CHUNK_SIZE' })
