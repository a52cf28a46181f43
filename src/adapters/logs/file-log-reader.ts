/** Reads a kept log from one of its segments to the next, while it is being written and while its oldest segments go. */
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { after, lastPosition, newline } from '../../lib/log-block.ts'
import type { LogPiece, LogReader, LogStart } from '../../ports/log-store.ts'
import type { FileLog } from './file-log.ts'
import { hasCode } from '../../lib/error-code.ts'
import type { Segment } from './segment.ts'

const chunkBytes = 262_144

interface Place {
  readonly segment: Segment
  readonly offset: number
}

export class FileLogReader implements LogReader {
  readonly #log: FileLog
  /** Position of the last line that was read, or of the one to go on after. */
  #after: number
  #place: Place | null = null
  #file: FileHandle | null = null
  #isBegun = false
  /** The same for every block: new memory for each would cost more than the reading. */
  #chunk = Buffer.allocUnsafe(chunkBytes)
  readonly #start: LogStart

  constructor(log: FileLog, start: LogStart) {
    this.#log = log
    this.#start = start
    this.#after = start.from ?? -1
  }

  async next(): Promise<LogPiece | null> {
    if (!this.#isBegun) {
      this.#isBegun = true
      const missing = await this.#begin()
      if (missing !== null) return missing
    }
    for (;;) {
      const place = this.#place ?? this.#following(null)
      if (place === null) return null
      this.#place = place
      const { segment, offset } = place
      if (offset < segment.bytes) {
        const piece = await this.#read(segment, offset)
        if (piece !== null) return piece
        continue
      }
      const next = this.#following(segment)
      if (next === null) return null
      await this.close()
      this.#place = next
      const missing = next.segment.ordinal - segment.ordinal - segment.lines
      if (missing > 0) return { type: 'dropped', lines: missing }
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  /** Finds the first segment that matters; says what is missing before it. */
  async #begin(): Promise<LogPiece | null> {
    const { segments } = this.#log
    const { from, tail, since } = this.#start
    if (from === null && tail !== null) {
      this.#place = await placeOfLast(segments, tail)
      return null
    }
    const [first] = segments
    if (first === undefined) return null
    const start =
      from !== null
        ? segments.findLast(({ position }) => position <= from)
        : segments.findLast(({ at }) => since !== null && at < since)
    this.#place = { segment: start ?? first, offset: 0 }
    if (start !== undefined || first.ordinal === 0) return null
    return { type: 'dropped', lines: from === null && since === null ? first.ordinal : null }
  }

  #following(segment: Segment | null): Place | null {
    const next = this.#log.segments.find(({ position }) => segment === null || position > segment.position)
    return next === undefined ? null : { segment: next, offset: 0 }
  }

  /** Null when there was nothing in it that is wanted. */
  async #read(segment: Segment, offset: number): Promise<LogPiece | null> {
    try {
      this.#file ??= await open(segment.path, 'r')
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      this.#place = this.#following(segment)
      return { type: 'dropped', lines: null }
    }
    for (let size = this.#chunk.length; ; size *= 2) {
      const wanted = Math.min(size, segment.bytes - offset)
      if (wanted > this.#chunk.length) this.#chunk = Buffer.allocUnsafe(size)
      const chunk = this.#chunk
      const { bytesRead } = await this.#file.read(chunk, 0, wanted, offset)
      if (bytesRead === 0) throw new Error(`${segment.path} is shorter than it was`)
      const end = chunk.lastIndexOf(newline, bytesRead - 1) + 1
      if (end === 0) continue
      this.#place = { segment, offset: offset + end }
      const block = after(chunk.subarray(0, end), this.#after)
      this.#after = Math.max(this.#after, lastPosition(block) ?? -1)
      return block.length === 0 ? null : { type: 'lines', block }
    }
  }
}

/** Where the last so many lines begin. */
async function placeOfLast(segments: readonly Segment[], count: number): Promise<Place | null> {
  let missing = count
  for (const segment of segments.toReversed()) {
    if (missing === 0) return { segment, offset: segment.bytes }
    const bytes = (await readFile(segment.path)).subarray(0, segment.bytes)
    // Each line ends with a newline: before the last one wanted stands that of the line before.
    for (let end = bytes.length - 1; end >= 0; missing -= 1) {
      const before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1)
      if (missing === 1) return { segment, offset: before + 1 }
      end = before
    }
  }
  const [first] = segments
  return first === undefined ? null : { segment: first, offset: 0 }
}
