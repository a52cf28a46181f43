/**
 * Takes apart the stream in which the engine sends both outputs of a container: 8 bytes of header, then the data of one entry of its
 * log, which begins with its time.
 *
 * A position is the entry's time in microseconds since the container was made, times 256, plus its rank among those of the same
 * microsecond. So it can be found again from anywhere: after log files were rotated away, and without counting from the start.
 * It keeps rising when the clock is set back. It stays exact for a year. The engine cuts lines at 16 KiB; each piece is a line here.
 */
import type { LogBlock } from '../../lib/log-block.ts'
import { BlockWriter, newline } from '../../lib/log-block.ts'
import type { Instant } from '../../model/time.ts'

const ranks = 256

/** Entries of the log have at most 16 KiB and a time stamp; anything near this is not such a stream. */
const longest = 1_048_576

const [zero, nine, dot, space, zulu, carriageReturn] = [0x30, 0x39, 0x2e, 0x20, 0x5a, 0x0d]
/** Of `2026-01-02T03:04:05`, before the fraction. */
const wholeSeconds = 19

/** The engine writes all nine digits of the fraction, and a space behind the time. */
const stampBytes = 31
/** Longest piece of a line that the engine keeps as an entry. */
const pieceBytes = 16_384

const isStampAt = (bytes: Buffer, at: number): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z $/.test(bytes.toString('latin1', at, at + stampBytes))

/** Microseconds since the epoch of a time such as `2026-01-02T03:04:05.123456789Z`. */
export function microseconds(stamp: string): number {
  const [seconds = '', fraction = ''] = stamp.replace('Z', '').split('.')
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** When the line at this position was written: where to start reading to find it again. */
export const instantOf = (position: number, base: number): Instant => Math.floor((base + position / ranks) / 1_000)

export class LogReader {
  readonly #base: number
  readonly #writer = new BlockWriter(65_536)
  #rest: Buffer = Buffer.alloc(0)
  #last = 0
  /** The second that was read last: the next line is mostly of the same. */
  #second: Buffer = Buffer.alloc(0)
  #secondAt = 0
  readonly #isBare: boolean

  /** `base`: when the container was made, in microseconds since the epoch. `isBare`: it has a terminal, so entries have no header. */
  constructor(base: number, isBare = false) {
    this.#base = base
    this.#isBare = isBare
  }

  /** The lines that are complete with this chunk. Throws when the bytes are not such a stream. */
  push(chunk: Buffer): LogBlock {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const at = this.#isBare ? this.#bareEntries(bytes) : this.#entries(bytes)
    this.#rest = bytes.subarray(at)
    return this.#writer.take()
  }

  /** What is left once the stream has ended: the last entry of a terminal may lack its line end. */
  end(): LogBlock {
    if (this.#isBare && this.#rest.length >= stampBytes) this.#entry(this.#rest, 0, this.#rest.length, 'stdout')
    this.#rest = Buffer.alloc(0)
    return this.#writer.take()
  }

  /** Takes whole entries, and returns where the first begins that is not. */
  #entries(bytes: Buffer): number {
    let at = 0
    while (bytes.length - at >= 8) {
      const kind = bytes[at]
      const length = bytes.readUInt32BE(at + 4)
      if ((kind !== 1 && kind !== 2) || length > longest) throw new Error('the engine sent something that is not a log')
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
      if (isPiece && !isStampAt(bytes, most)) throw new Error('the engine sent something that is not a log')
      const end = isPiece ? most : text + cut + 1
      this.#entry(bytes, at, end, 'stdout')
      at = end
    }
  }

  #entry(bytes: Buffer, start: number, end: number, stream: 'stdout' | 'stderr'): void {
    const [micros, begin] = this.#time(bytes, start, end)
    let from = begin
    do {
      const cut = bytes.indexOf(newline, from)
      const isCut = cut >= 0 && cut < end
      let stop = isCut ? cut : end
      const next = isCut ? cut + 1 : end
      if (isCut && stop > from && bytes[stop - 1] === carriageReturn) stop -= 1
      this.#last = Math.max(this.#last + 1, (micros - this.#base) * ranks)
      this.#writer.add({ position: this.#last, at: Math.floor(micros / 1_000), stream }, bytes, from, stop)
      from = next
    } while (from < end)
  }

  /** The time of an entry in microseconds, and where its text begins. */
  #time(bytes: Buffer, start: number, end: number): readonly [number, number] {
    if (this.#second.length === 0 || this.#second.compare(bytes, start, start + wholeSeconds) !== 0) {
      this.#second = Buffer.from(bytes.subarray(start, start + wholeSeconds))
      this.#secondAt = Date.parse(`${this.#second.toString('latin1')}Z`) * 1_000
    }
    let at = start + wholeSeconds
    let fraction = 0
    if (bytes[at] === dot) {
      at += 1
      for (let scale = 100_000; at < end; at += 1) {
        const digit = bytes[at] ?? 0
        if (digit < zero || digit > nine) break
        fraction += (digit - zero) * scale
        scale = scale === 1 ? 0 : scale / 10
      }
    }
    const isTime = !Number.isNaN(this.#secondAt) && bytes[at] === zulu && bytes[at + 1] === space && at + 2 <= end
    if (!isTime) throw new Error('the engine sent a log entry without a time')
    return [this.#secondAt + fraction, at + 2]
  }
}
