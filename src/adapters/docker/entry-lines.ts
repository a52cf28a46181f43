/**
 * Lines from the entries of the engine's log, wherever they were read from.
 *
 * A position is the entry's time in microseconds since the container was made, times 256, plus its rank among those of the same
 * microsecond. So it can be found again from anywhere: after log files were rotated away, and without counting from the start.
 * It keeps rising when the clock is set back. It stays exact for a year. The engine cuts lines at 16 KiB; each piece is a line here.
 */
import type { LogBlock } from '../../lib/log-block.ts'
import { BlockWriter, newline } from '../../lib/log-block.ts'
import type { Instant } from '../../model/time.ts'

const ranks = 256

const [zero, nine, dot, zulu, carriageReturn] = [0x30, 0x39, 0x2e, 0x5a, 0x0d]
/** Of `2026-01-02T03:04:05`, before the fraction. */
const wholeSeconds = 19

export type StreamName = 'stdout' | 'stderr'

/** The engine has sent, or written, something that is no log of it: what a crash of its host may leave. */
export class BrokenLog extends Error {}

/** Microseconds since the epoch of a time such as `2026-01-02T03:04:05.123456789Z`. */
export function microseconds(stamp: string): number {
  const [seconds = '', fraction = ''] = stamp.replace('Z', '').split('.')
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** When the line at this position was written: where to start reading to find it again. */
export const instantOf = (position: number, base: number): Instant => Math.floor((base + position / ranks) / 1_000)

/** Reads times, of which most are of the same second as the one before. */
export class StampReader {
  #second: Buffer = Buffer.alloc(0)
  #secondAt = 0

  /** The time that begins there in microseconds since the epoch, and where it has ended. Throws when there is none. */
  read(bytes: Buffer, start: number, end: number): readonly [micros: number, next: number] {
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
    if (Number.isNaN(this.#secondAt) || bytes[at] !== zulu || at >= end)
      throw new BrokenLog('there is a log entry without a time')
    return [this.#secondAt + fraction, at + 1]
  }
}

export interface Entry {
  /** When it was written, since the epoch. */
  readonly micros: number
  readonly stream: StreamName
}

export class EntryLines {
  readonly #base: number
  readonly #writer = new BlockWriter(65_536)
  #last = 0

  /** `base`: when the container was made, in microseconds since the epoch. */
  constructor(base: number) {
    this.#base = base
  }

  /** The lines of one entry, whose text is `bytes` from `start` to `end`. */
  add(entry: Entry, bytes: Buffer, start: number, end: number): void {
    let from = start
    do {
      const cut = bytes.indexOf(newline, from)
      const isCut = cut >= 0 && cut < end
      let stop = isCut ? cut : end
      const next = isCut ? cut + 1 : end
      if (isCut && stop > from && bytes[stop - 1] === carriageReturn) stop -= 1
      this.addLine(entry, bytes, from, stop)
      from = next
    } while (from < end)
  }

  /** An entry that is known to be one line, without its end. */
  addLine({ micros, stream }: Entry, bytes: Buffer, start: number, end: number): void {
    this.#last = Math.max(this.#last + 1, (micros - this.#base) * ranks)
    this.#writer.add({ position: this.#last, at: Math.floor(micros / 1_000), stream }, bytes, start, end)
  }

  /** What was added since the last time. */
  take(): LogBlock {
    return this.#writer.take()
  }
}
