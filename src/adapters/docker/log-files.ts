/** The files of one container's log, as the engine rotates them: `x-json.log` is the newest, `x-json.log.1` the one before. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'
import { newline } from '../../lib/log-block.ts'
import { BrokenLog } from './entry-lines.ts'
import { longestEntry, timeOfEntry } from './json-log.ts'

/** A log is rotated once in many seconds at most. */
const mostTries = 5
/** What is left of a search is read through. */
const closeEnough = 262_144

/** One of them, read on from where it was left. It stays readable when it is rotated, and when it is removed. */
export class LogFile {
  readonly #handle: FileHandle
  readonly #path: string
  readonly ino: number
  #offset = 0

  private constructor(handle: FileHandle, path: string, ino: number) {
    this.#handle = handle
    this.#path = path
    this.ino = ino
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
    return (await inoOf(this.#path)) !== this.ino
  }

  /**
   * The one that was begun after this one; the oldest when this one is no longer among them. Null when this is the newest. Throws BrokenLog
   * when what comes next was packed meanwhile.
   */
  async next(): Promise<LogFile | null> {
    for (;;) {
      const { files, isPacked } = await filesOf(this.#path)
      const at = files.findIndex(({ ino }) => ino === this.ino)
      const after = files[at + 1]
      if (at < 0 && isPacked) throw new BrokenLog('files of the log were packed before they were read')
      if (after === undefined) return null
      const file = await after.open()
      if (file !== null) return file
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
 * here: its engine is on another machine, or belongs to somebody else, or has packed what is looked for.
 */
export async function fileAt(path: string, micros: number | null): Promise<LogFile | null> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const found = await findIn(await filesOf(path), micros)
    if (found !== 'moved') return found
  }
  return null
}

/** `moved`: a file was renamed since it was looked at, or cannot be opened. */
async function findIn({ files, isPacked }: Listing, micros: number | null): Promise<LogFile | null | 'moved'> {
  for (const [i, each] of [...files.entries()].toReversed()) {
    const file = await each.open()
    if (file === null) return 'moved'
    if (await isTheOne(file, { isOldest: i === 0 && !isPacked, micros })) return file
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

interface Listed {
  readonly ino: number
  /** Null when it is not that file any more. */
  readonly open: () => Promise<LogFile | null>
}

interface Listing {
  /** Oldest first. */
  readonly files: readonly Listed[]
  /** Older ones are there in a form that is not read here. */
  readonly isPacked: boolean
}

/** As they are at one moment: looked at again until nothing was renamed in between. */
async function filesOf(path: string): Promise<Listing> {
  for (let before = await look(path); ;) {
    const now = await look(path)
    if (JSON.stringify(now) === JSON.stringify(before)) {
      const files = now.found.map(({ path: each, ino }) => ({ ino, open: () => openSame(each, path, ino) }))
      return { files, isPacked: now.isPacked }
    }
    before = now
  }
}

async function look(path: string) {
  const name = basename(path)
  const names = await namesIn(dirname(path))
  const numbers = names.flatMap((each) => {
    if (each === name) return 0
    const number = Number(each.startsWith(`${name}.`) ? each.slice(name.length + 1) : NaN)
    return Number.isInteger(number) ? number : []
  })
  const paths = numbers
    .toSorted((a, b) => b - a)
    .map((number) => join(dirname(path), number === 0 ? name : `${name}.${number}`))
  const found = await Promise.all(paths.map(async (each) => ({ path: each, ino: await inoOf(each) })))
  return {
    found: found.flatMap(({ path: each, ino }) => (ino === null ? [] : { path: each, ino })),
    isPacked: names.some((each) => each.startsWith(`${name}.`) && each.endsWith('.gz')),
  }
}

async function openSame(path: string, newest: string, ino: number): Promise<LogFile | null> {
  const file = await openIfThere(path, newest)
  if (file === null || file.ino === ino) return file
  await file.close()
  return null
}

export const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')

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
