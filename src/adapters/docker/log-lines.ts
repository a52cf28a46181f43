/**
 * Takes apart the stream in which the engine sends both outputs of a container: 8 bytes of header, then the data of one entry of its
 * log, which begins with its time.
 */
import type { LogBlock } from '../../lib/log-block.ts'
import { newline } from '../../lib/log-block.ts'
import { BrokenLog, EntryLines, StampReader, type StreamName } from './entry-lines.ts'

/** Entries of the log have at most 16 KiB and a time stamp; anything near this is not such a stream. */
const longest = 1_048_576

const space = 0x20

/** The engine writes all nine digits of the fraction, and a space behind the time. */
const stampBytes = 31
/** Longest piece of a line that the engine keeps as an entry. */
const pieceBytes = 16_384

const isStampAt = (bytes: Buffer, at: number): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z $/.test(bytes.toString('latin1', at, at + stampBytes))

export class LogReader {
  readonly #lines: EntryLines
  readonly #stamps = new StampReader()
  readonly #isBare: boolean
  #rest: Buffer = Buffer.alloc(0)

  /** `base`: when the container was made, in microseconds since the epoch. `isBare`: it has a terminal, so entries have no header. */
  constructor(base: number, isBare = false) {
    this.#lines = new EntryLines(base)
    this.#isBare = isBare
  }

  /** The lines that are complete with this chunk. Throws when the bytes are not such a stream. */
  push(chunk: Buffer): LogBlock {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const at = this.#isBare ? this.#bareEntries(bytes) : this.#entries(bytes)
    this.#rest = bytes.subarray(at)
    return this.#lines.take()
  }

  /** What is left once the stream has ended: the last entry of a terminal may lack its line end. */
  end(): LogBlock {
    if (this.#isBare && this.#rest.length >= stampBytes) this.#entry(this.#rest, 0, this.#rest.length, 'stdout')
    this.#rest = Buffer.alloc(0)
    return this.#lines.take()
  }

  /** Takes whole entries, and returns where the first begins that is not. */
  #entries(bytes: Buffer): number {
    let at = 0
    while (bytes.length - at >= 8) {
      const kind = bytes[at]
      const length = bytes.readUInt32BE(at + 4)
      if ((kind !== 1 && kind !== 2) || length > longest)
        throw new BrokenLog('the engine sent something that is not a log')
      if (bytes.length - at < 8 + length) break
      this.#entry(bytes, at + 8, at + 8 + length, kind === 2 ? 'stderr' : 'stdout')
      at += 8 + length
    }
    return at
  }

  /**
   * The same where only line ends are between them, and none between the pieces of a line that the engine has cut. A piece is taken as soon
   * as the next one begins: progress bars go on for megabytes without a line end.
   */
  #bareEntries(bytes: Buffer): number {
    for (let at = 0; ;) {
      const text = at + stampBytes
      const most = text + pieceBytes
      const cut = bytes.subarray(text, most).indexOf(newline)
      const isPiece = cut < 0 && bytes.length >= most + stampBytes
      if (cut < 0 && !isPiece) return at
      if (isPiece && !isStampAt(bytes, most)) throw new BrokenLog('the engine sent something that is not a log')
      const end = isPiece ? most : text + cut + 1
      this.#entry(bytes, at, end, 'stdout')
      at = end
    }
  }

  #entry(bytes: Buffer, start: number, end: number, stream: StreamName): void {
    const [micros, next] = this.#stamps.read(bytes, start, end)
    if (bytes[next] !== space || next >= end) throw new BrokenLog('there is a log entry without a time')
    this.#lines.add({ micros, stream }, bytes, next + 1, end)
  }
}
