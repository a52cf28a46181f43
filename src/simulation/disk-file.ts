/** One file of a simulated disk: what was written, and how much of it would survive a power cut. */
import type { Random } from '../ports/random.ts'

export class SimFile {
  #bytes: Uint8Array
  #length: number
  #synced: number

  constructor(content: Uint8Array = new Uint8Array(0), synced = content.length) {
    this.#bytes = content
    this.#length = content.length
    this.#synced = synced
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.content)
      this.#bytes = grown
    }
    this.#bytes.set(bytes, this.#length)
    this.#length = needed
  }

  truncate(size: number): void {
    this.#length = Math.min(this.#length, size)
    this.#synced = Math.min(this.#synced, size)
  }

  sync(): void {
    this.#synced = this.#length
  }

  /** Damage, as a bad sector would do it. */
  flip(offset: number): void {
    this.#bytes[offset] = (this.#bytes[offset] ?? 0) ^ 0x55
  }

  /** What is in the file after a power cut: all that was flushed, and of the rest perhaps a part, perhaps with garbage in it. */
  crash(random: Random): SimFile {
    const kept = this.#synced + Math.floor(random.next() * (this.#length - this.#synced + 1))
    const after = new SimFile(this.#bytes.slice(0, kept))
    if (kept > this.#synced && random.next() < 0.3)
      after.flip(this.#synced + Math.floor(random.next() * (kept - this.#synced)))
    return after
  }

  /** The same in two ways that leave nothing to chance. */
  keep(unsynced: 'none' | 'all'): SimFile {
    return new SimFile(this.#bytes.slice(0, unsynced === 'none' ? this.#synced : this.#length))
  }
}
