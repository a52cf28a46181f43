/** Puts the parts of a snapshot together. One at a time: parts of another snapshot, or from another leader, begin a new one. */
import { crc32c } from '../../lib/crc32.ts'
import { joined } from '../../lib/slices.ts'
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
  /** What has come, in its order: no more is held than that, whatever size was said. */
  #parts: Uint8Array[] = []
  #have = 0
  /** Of what there is. */
  #checksum = 0

  /** A part that was sent twice or came too early changes nothing. A whole that does not match its checksum is thrown away. */
  take(from: NodeId, chunk: SnapshotChunk): Progressed {
    const { term, at, voters, size, checksum, offset, data } = chunk
    const name = [from, term, at.index, at.term, size, checksum].join()
    if (name !== this.#name) this.#begin(name)
    if (offset === this.#have && (data.length > 0 || size === 0) && data.length <= size - this.#have) {
      this.#parts.push(Uint8Array.from(data))
      this.#checksum = crc32c(data, this.#checksum)
      this.#have += data.length
    }
    if (this.#have < size) return { wanted: this.#have, snapshot: null }
    const [parts, found] = [this.#parts, this.#checksum]
    this.#begin('')
    if (found !== checksum) return { wanted: 0, snapshot: null }
    return { wanted: size, snapshot: { index: at.index, term: at.term, voters, data: joined(parts) } }
  }

  #begin(name: string): void {
    this.#name = name
    this.#parts = []
    this.#have = 0
    this.#checksum = 0
  }
}
