/** Compact bytes, written and read in order: varints, and byte strings with their length in front. Reading checks every bound. */

const text = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { fatal: true }) }

export class BinaryWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(expected = 64) {
    this.#bytes = new Uint8Array(expected)
  }

  /** A whole number from 0 to 2^53 - 1. */
  uint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an unsigned integer`)
    this.#reserve(8)
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80
    this.#bytes[this.#length++] = rest
    return this
  }

  /** The same in always eight bytes, so that its place can be kept until it is known. */
  wideUint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an unsigned integer`)
    this.#reserve(8)
    for (let rest = value, left = 7; left >= 0; rest = Math.floor(rest / 0x80), left -= 1)
      this.#bytes[this.#length++] = (rest % 0x80) | (left > 0 ? 0x80 : 0)
    return this
  }

  bytes(value: Uint8Array): this {
    this.uint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  text(value: string): this {
    return this.bytes(text.encoder.encode(value))
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** Throws RangeError when the bytes end too early or hold what cannot be. What it returns may share memory with its input. */
export class BinaryReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  uint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('the bytes end in the middle of a number')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new RangeError('a number is too large')
        return value
      }
    }
    throw new RangeError('a number has too many bytes')
  }

  bytes(): Uint8Array {
    const length = this.uint()
    if (length > this.#bytes.length - this.#at) throw new RangeError('the bytes end in the middle of a string')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  text(): string {
    return text.decoder.decode(this.bytes())
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError(`${this.#bytes.length - this.#at} bytes too many`)
  }
}
