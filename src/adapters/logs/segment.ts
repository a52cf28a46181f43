/** One file of a kept log: lines in the format of `lib/log-block`, named after the position, number and time of its first line. */
import { hasCode } from '../../lib/error-code.ts'
import { constants } from 'node:fs'
import { open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { instantAt, isLineAt, newline, positionAt } from '../../lib/log-block.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant } from '../../model/time.ts'

export interface Segment {
  readonly path: string
  /** Position of its first line. */
  readonly position: number
  /** How many lines of the log come before it. */
  readonly ordinal: number
  /** When its first line was written. */
  readonly at: Instant
  /** How many lines it has. */
  lines: number
  /** What of the file holds whole lines. What may stand behind is not there for readers. */
  bytes: number
  /** When it was last added to. */
  touchedAt: Instant
}

export function segmentName(block: Uint8Array, ordinal: number): string {
  const digits = (value: number, count: number): string => String(value).padStart(count, '0')
  return `${digits(positionAt(block, 0), 16)}-${digits(ordinal, 12)}-${digits(instantAt(block, 0), 13)}.log`
}

/** What a file's name says. Null for what is no segment. */
export function parseName(name: string): Pick<Segment, 'position' | 'ordinal' | 'at'> | null {
  const [, position, ordinal, at] = /^(\d{16})-(\d{12})-(\d{13})\.log$/.exec(name) ?? []
  return position === undefined ? null : { position: Number(position), ordinal: Number(ordinal), at: Number(at) }
}

export interface Scanned {
  readonly lines: number
  readonly last: number
  /** Where the last whole line ends. */
  readonly end: number
}

/** The lines that are whole, up to where a crash tore one or left what was never written. */
export function scanLines(bytes: Buffer): Scanned {
  let [lines, last, end] = [0, -1, 0]
  for (let stop = bytes.indexOf(newline); stop >= 0; stop = bytes.indexOf(newline, end)) {
    if (!isLineAt(bytes, end, last)) break
    last = positionAt(bytes, end)
    lines += 1
    end = stop + 1
  }
  return { lines, last, end }
}

/** Cuts off what a crash left at the end of a segment. Null when nothing is left of it; then it is gone. */
export async function mendSegment(segment: Segment): Promise<Scanned | null> {
  const bytes = await readFile(segment.path)
  const found = scanLines(bytes)
  if (found.lines === 0) {
    await rm(segment.path, { force: true })
    return null
  }
  if (found.end < bytes.length) await withFile(segment.path, 'r+', (file) => file.truncate(found.end))
  segment.bytes = found.end
  return found
}

export async function withFile<T>(
  path: string,
  flags: string | number,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, 0o600)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Makes names in the folder of this path survive a power cut. */
export const syncFolderOf = (path: string): Promise<void> =>
  withFile(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY, (folder) => folder.sync())

/** Throws DISK_FULL for what the system says of a full disk. */
export async function orDiskFull<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw new ClawError('DISK_FULL', { path }, { cause: error })
    throw error
  }
}
