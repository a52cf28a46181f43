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
  #whole: Uint8Array = new Uint8Array(0)
  #have = 0
  /** Of what there is. */
  #checksum = 0

  /** A part that was sent twice or came too early changes nothing. A whole that does not match its checksum is thrown away. */
  take(from: NodeId, chunk: SnapshotChunk): Progressed {
    const { term, at, voters, size, checksum, offset, data } = chunk
    const name = [from, term, at.index, at.term, size, checksum].join()
    if (name !== this.#name) this.#begin(name, size)
    if (offset === this.#have && (data.length > 0 || size === 0)) {
      this.#whole.set(data, offset)
      this.#checksum = crc32c(data, this.#checksum)
      this.#have += data.length
    }
    if (this.#have < size) return { wanted: this.#have, snapshot: null }
    const [whole, found] = [this.#whole, this.#checksum]
    this.#begin('', 0)
    if (found !== checksum) return { wanted: 0, snapshot: null }
    return { wanted: size, snapshot: { index: at.index, term: at.term, voters, data: whole } }
  }

  #begin(name: string, size: number): void {
    this.#name = name
    this.#whole = new Uint8Array(size)
    this.#have = 0
    this.#checksum = 0
  }
}
