/** The files of one container's log, as the engine rotates them: `x-json.log` is the newest, `x-json.log.1` the one before. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { newline } from '../../lib/log-block.ts'
import { longestEntry, timeOfEntry } from './json-log.ts'

/** What is left of a search is read through. */
const closeEnough = 262_144

/** One of them, read on from where it was left. It stays readable when it is rotated, and when it is removed. */
export class LogFile {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #ino: number
  #offset = 0

  private constructor(handle: FileHandle, path: string, ino: number) {
    this.#handle = handle
    this.#path = path
    this.#ino = ino
  }

  static async open(path: string, newest: string): Promise<LogFile> {
    const handle = await open(path, 'r')
    return new LogFile(handle, newest, (await handle.stat()).ino)
  }

  /** What comes next in it; null at its end. */
  async read(size: number): Promise<Buffer | null> {
    const bytes = Buffer.allocUnsafe(size)
    const { bytesRead } = await this.#handle.read(bytes, 0, size, this.#offset)
    this.#offset += bytesRead
    return bytesRead === 0 ? null : bytes.subarray(0, bytesRead)
  }

  async hasMore(): Promise<boolean> {
    return (await this.#handle.stat()).size > this.#offset || (await this.isRotated())
  }

  async isRotated(): Promise<boolean> {
    return (await inoOf(this.#path)) !== this.#ino
  }

  /** The one that was begun after this one; the oldest when this one is no longer among them. Null when this is the newest. */
  async next(): Promise<LogFile | null> {
    for (;;) {
      const all = await filesOf(this.#path)
      const after = all[all.findIndex(({ ino }) => ino === this.#ino) + 1]
      if (after === undefined) return null
      const file = await openIfThere(after.path, this.#path)
      if (file === null || file.#ino === after.ino) return file
      // They were renamed in between.
      await file.close()
    }
  }

  /** Goes on at an entry that is older than that time, as near to it as is worth the search; at the start when all are younger. */
  async seek(micros: number): Promise<void> {
    let [low, high] = [0, (await this.#handle.stat()).size]
    while (high - low > closeEnough) {
      const middle = Math.floor((low + high) / 2)
      const entry = await this.#entryAfter(middle)
      if (entry !== null && entry.micros < micros) low = entry.start
      else high = middle
    }
    this.#offset = low
  }

  /** The first whole entry behind there. */
  async #entryAfter(offset: number): Promise<{ readonly start: number; readonly micros: number } | null> {
    const bytes = Buffer.allocUnsafe(2 * longestEntry)
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, offset)
    const all = bytes.subarray(0, bytesRead)
    const start = offset === 0 ? 0 : all.indexOf(newline) + 1
    const end = all.indexOf(newline, start)
    if (end < 0 || (offset > 0 && start === 0)) return null
    return { start: offset + start, micros: timeOfEntry(all, start, end) }
  }

  /** When its first entry was written, in microseconds since the epoch; null when it has none. */
  async begins(): Promise<number | null> {
    return (await this.#entryAfter(0))?.micros ?? null
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

/**
 * The file that holds the first entry of that time or later, somewhere before it; the oldest for null. Null when the log cannot be read
 * here: its engine is on another machine, or belongs to somebody else.
 */
export async function fileAt(path: string, micros: number | null): Promise<LogFile | null> {
  const all = await filesOf(path)
  for (const [i, { path: each }] of [...all.entries()].toReversed()) {
    const file = await openIfThere(each, path)
    if (file === null) return null
    if (await isTheOne(file, { isOldest: i === 0, micros })) return file
    await file.close()
  }
  return null
}

/** Whether reading begins in that file, which then stands where it does. */
async function isTheOne(
  file: LogFile,
  { isOldest, micros }: { readonly isOldest: boolean; readonly micros: number | null },
): Promise<boolean> {
  if (micros === null) return isOldest
  try {
    if (!isOldest && ((await file.begins()) ?? Infinity) >= micros) return false
    await file.seek(micros)
    return true
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Oldest first. */
async function filesOf(path: string): Promise<readonly { readonly path: string; readonly ino: number }[]> {
  const name = basename(path)
  const numbers = (await namesIn(dirname(path))).flatMap((each) => {
    if (each === name) return 0
    const number = Number(each.startsWith(`${name}.`) ? each.slice(name.length + 1) : NaN)
    return Number.isInteger(number) ? number : []
  })
  const paths = numbers
    .toSorted((a, b) => b - a)
    .map((number) => join(dirname(path), number === 0 ? name : `${name}.${number}`))
  const found = await Promise.all(paths.map(async (each) => ({ path: each, ino: await inoOf(each) })))
  return found.flatMap(({ path: each, ino }) => (ino === null ? [] : { path: each, ino }))
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(String(error.code))

/** The value, or what stands for it where there is no such file for us. */
const unlessMissing = <Found, Else>(asked: Promise<Found>, otherwise: Else): Promise<Found | Else> =>
  asked.catch((error: unknown) => {
    if (isMissing(error)) return otherwise
    throw error
  })

const namesIn = (folder: string): Promise<readonly string[]> => unlessMissing(readdir(folder), [])
const openIfThere = (path: string, newest: string): Promise<LogFile | null> =>
  unlessMissing(LogFile.open(path, newest), null)
const inoOf = (path: string): Promise<number | null> =>
  unlessMissing(
    stat(path).then(({ ino }) => ino),
    null,
  )
