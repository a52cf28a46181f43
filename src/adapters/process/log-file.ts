/**
 * The log of a task: files of lines `<position> <milliseconds> <o|e> <text>`, each file named after the position of its first line. The
 * oldest files go when there are too many, so the log is bounded; positions go on.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '../../model/time.ts'

export type Stream = 'stdout' | 'stderr'

export interface LogBounds {
  readonly fileBytes: number
  readonly files: number
}

export const logBounds: LogBounds = { fileBytes: 4 * 1_048_576, files: 4 }

/** Longest piece of a line, in bytes. Longer lines come in several pieces, cut between characters. */
const maxLine = 16_384
const newline = 0x0a

/** First position in the file, or null when it is not a log file. */
export const firstPosition = (name: string): number | null => {
  const digits = /^(\d{15})\.log$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

const fileName = (position: number): string => `${String(position).padStart(15, '0')}.log`

/** Writes synchronously: when the disk is slow the task has to wait, instead of memory filling up. */
export class LogFile {
  readonly #folder: string
  readonly #bounds: LogBounds
  readonly #partial: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  #file: number
  #size = 0
  #next = 1
  #lost = 0

  constructor(folder: string, bounds: LogBounds = logBounds) {
    this.#folder = folder
    this.#bounds = bounds
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#file = this.#open()
  }

  /** Takes what the task has printed; keeps the rest after the last newline until more comes. */
  write(stream: Stream, chunk: Buffer, at: Instant): void {
    const data = Buffer.concat([this.#partial[stream], chunk])
    const lines: Buffer[] = []
    let start = 0
    for (
      let end = data.indexOf(newline);
      end >= 0 || data.length - start > maxLine;
      end = data.indexOf(newline, start)
    ) {
      const isLong = end < 0 || end - start > maxLine
      const stop = isLong ? cutBefore(data, start, start + maxLine) : end
      lines.push(data.subarray(start, stop))
      start = isLong ? stop : end + 1
    }
    this.#partial[stream] = Buffer.from(data.subarray(start))
    this.#append(stream, lines, at)
  }

  /** Writes what has no newline at its end. */
  flush(at: Instant): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#partial[stream]
      this.#partial[stream] = Buffer.alloc(0)
      if (rest.length > 0) this.#append(stream, [rest], at)
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #append(stream: Stream, lines: readonly Buffer[], at: Instant): void {
    if (lines.length === 0) return
    const mark = stream === 'stdout' ? 'o' : 'e'
    const pieces: Buffer[] = []
    if (this.#lost > 0) pieces.push(Buffer.from(`${this.#next++} ${at} e [${this.#lost} lines lost: disk full]\n`))
    for (const line of lines) pieces.push(Buffer.from(`${this.#next++} ${at} ${mark} `), line, Buffer.from('\n'))
    const isWritten = this.#put(Buffer.concat(pieces))
    this.#lost = isWritten ? 0 : this.#lost + lines.length
    if (this.#size >= this.#bounds.fileBytes) this.#rotate()
  }

  /** False when the disk is full; nothing of it is in the file then. */
  #put(bytes: Buffer): boolean {
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written)
      this.#size += bytes.length
      return true
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code)))) throw error
      ftruncateSync(this.#file, this.#size)
      return false
    }
  }

  #rotate(): void {
    closeSync(this.#file)
    this.#file = this.#open()
    const names = readdirSync(this.#folder).filter((name) => firstPosition(name) !== null)
    for (const name of names.toSorted().slice(0, -this.#bounds.files)) rmSync(join(this.#folder, name), { force: true })
  }

  #open(): number {
    this.#size = 0
    return openSync(join(this.#folder, fileName(this.#next)), 'ax', 0o600)
  }
}

/** The last place at or before `end` that is not inside a UTF-8 character; `end` itself in what is no UTF-8. */
function cutBefore(data: Buffer, start: number, end: number): number {
  for (let at = end; at > start && at > end - 4; at -= 1) if (((data[at] ?? 0) & 0xc0) !== 0x80) return at
  return end
}
