/** Puts the parts of a snapshot together. One at a time: parts of another snapshot, or from another leader, begin a new one. */
import { crc32c } from '../../lib/crc32.ts'
import type { NodeId } from '../../model/ids.ts'
import type { SnapshotChunk } from '../../wire/raft.ts'
import type { Snapshot } from './types.ts'

export interface Progressed {
  /** From where the next part is wanted; the size when all is there. */
  readonly wanted: number
  readonly snapshot: Snapshot | null
}

export class SnapshotAssembly {
  #name = ''
  #parts: Uint8Array[] = []
  #have = 0

  /** A part that was sent twice or came too early changes nothing. A whole that does not match its checksum is thrown away. */
  take(from: NodeId, chunk: SnapshotChunk): Progressed {
    const { term, at, voters, size, checksum, offset, data } = chunk
    const name = [from, term, at.index, at.term, size, checksum].join()
    if (name !== this.#name) this.#begin(name)
    if (offset === this.#have && (data.length > 0 || size === 0)) {
      // Each part may be a view of a larger message.
      this.#parts.push(new Uint8Array(data))
      this.#have += data.length
    }
    if (this.#have < size) return { wanted: this.#have, snapshot: null }
    const whole = joined(this.#parts, size)
    this.#begin('')
    if (crc32c(whole) !== checksum) return { wanted: 0, snapshot: null }
    return { wanted: size, snapshot: { index: at.index, term: at.term, voters, data: whole } }
  }

  #begin(name: string): void {
    this.#name = name
    this.#parts = []
    this.#have = 0
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
