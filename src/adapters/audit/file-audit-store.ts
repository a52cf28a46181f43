/** A chain in a folder of this host: segments of lines, named after the number of their first entry. */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { AuditReader, AuditSegment, AuditStore, OpenedAuditStore } from '../../ports/audit.ts'
import { FileAuditReader } from './file-audit-reader.ts'
import { parseName, segmentName } from './segment-name.ts'

const mode = 0o600
const newline = 0x0a

interface Segment extends AuditSegment {
  readonly path: string
  bytes: number
}

/** `isLine` knows a good line from what a crash may leave behind the last one. */
export async function openAuditStore(folder: string, isLine: (line: string) => boolean): Promise<OpenedAuditStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const segments = await segmentsIn(folder)
  let torn = 0
  let last: string | null = null
  for (let newest = segments.at(-1); newest !== undefined; newest = segments.at(-1)) {
    const mended = await mend(newest, isLine)
    torn += mended.torn
    last = mended.last
    if (last !== null) break
    segments.pop()
  }
  return { store: new FileAuditStore(folder, segments), last, torn }
}

async function segmentsIn(folder: string): Promise<Segment[]> {
  const found: Segment[] = []
  for (const name of await readdir(folder)) {
    const first = parseName(name)
    const path = join(folder, name)
    if (first !== null) found.push({ path, first, bytes: (await stat(path)).size })
  }
  return found.toSorted((a, b) => a.first - b.first)
}

/** Cuts off what stands behind the last good line. A segment without one is set aside, or removed when a crash was at its very first line. */
async function mend(
  segment: Segment,
  isLine: (line: string) => boolean,
): Promise<{ readonly last: string | null; readonly torn: number }> {
  const content = await readFile(segment.path)
  for (let end = content.lastIndexOf(newline); end >= 0;) {
    const start = end === 0 ? 0 : content.lastIndexOf(newline, end - 1) + 1
    const line = content.toString('utf8', start, end)
    if (isLine(line)) {
      segment.bytes = end + 1
      const torn = content.length - segment.bytes
      if (torn > 0) await changed(segment.path, (file) => file.truncate(segment.bytes))
      return { last: line, torn }
    }
    end = start - 1
  }
  if (content.includes(newline)) await rename(segment.path, `${segment.path}.damaged`)
  else await rm(segment.path, { force: true })
  await syncFolder(dirname(segment.path))
  return { last: null, torn: content.length }
}

class FileAuditStore implements AuditStore {
  readonly #folder: string
  readonly #segments: Segment[]
  #file: FileHandle | null = null

  constructor(folder: string, segments: Segment[]) {
    this.#folder = folder
    this.#segments = segments
  }

  get segments(): readonly AuditSegment[] {
    return this.#segments
  }

  async write(lines: string): Promise<void> {
    const segment = this.#segments.at(-1)
    if (segment === undefined) throw new Error('there is no segment to write to')
    const bytes = Buffer.from(lines)
    await orDiskFull(segment.path, async () => {
      this.#file ??= await open(segment.path, 'r+')
      try {
        for (let written = 0; written < bytes.length;) {
          const { bytesWritten } = await this.#file.write(
            bytes,
            written,
            bytes.length - written,
            segment.bytes + written,
          )
          written += bytesWritten
        }
      } catch (error) {
        await this.#file.truncate(segment.bytes)
        throw error
      }
    })
    segment.bytes += bytes.length
  }

  async sync(): Promise<void> {
    await this.#file?.datasync()
  }

  async roll(seq: number): Promise<void> {
    await this.sync()
    await this.#file?.close()
    this.#file = null
    const path = join(this.#folder, segmentName(seq))
    await orDiskFull(path, async () => {
      this.#file = await open(path, 'w', mode)
      await syncFolder(this.#folder)
    })
    this.#segments.push({ path, first: seq, bytes: 0 })
  }

  async dropOldest(): Promise<void> {
    const dropped = this.#segments.shift()
    if (dropped === undefined) return
    await rm(dropped.path, { force: true })
    await syncFolder(this.#folder)
  }

  read(from: number): AuditReader {
    return new FileAuditReader(() => this.#segments, from)
  }

  async close(): Promise<void> {
    await this.sync()
    await this.#file?.close()
    this.#file = null
  }
}

async function changed(path: string, change: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await change(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function orDiskFull(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new ClawError('DISK_FULL', { path }, { cause: error })
    throw error
  }
}
