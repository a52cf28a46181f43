/**
 * Entries of an engine's log as lines with positions.
 *
 * A position is the entry's time in microseconds since the container was made, times 256, plus its rank among those of the same
 * microsecond. So it can be found again from anywhere: after log files were rotated away, and without counting from the start.
 * It keeps rising when the clock is set back. It stays exact for a year. The engine cuts lines at 16 KiB; each piece is a line here.
 */
import type { Instant } from '../../model/time.ts'
import type { LogLine } from '../../ports/executor.ts'
import type { Frame } from './frames.ts'

const ranks = 256

/** Microseconds since the epoch of a time such as `2026-01-02T03:04:05.123456789Z`. */
export function microseconds(stamp: string): number {
  const [seconds = '', fraction = ''] = stamp.replace('Z', '').split('.')
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

export class LineReader {
  readonly #base: number
  #last = 0

  /** `base`: when the container was made, in microseconds since the epoch. */
  constructor(base: number) {
    this.#base = base
  }

  /** Throws when the entry has no time stamp. */
  read({ stream, data }: Frame): LogLine {
    const text = data.toString('utf8')
    const space = text.indexOf(' ')
    const at = microseconds(text.slice(0, space))
    if (space < 0 || Number.isNaN(at)) throw new Error('the engine sent a log entry without a time')
    this.#last = Math.max(this.#last + 1, (at - this.#base) * ranks)
    return {
      position: this.#last,
      at: Math.floor(at / 1_000),
      stream,
      text: text.slice(space + 1).replace(/\r?\n$/, ''),
    }
  }
}

/** When the line at this position was written: where to start reading to find it again. */
export const instantOf = (position: number, base: number): Instant => Math.floor((base + position / ranks) / 1_000)
