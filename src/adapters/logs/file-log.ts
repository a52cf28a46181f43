/** One kept log: a folder with its segments, `owner.json` that says whose it is, and `complete.json` once nothing will be added. */
import { hasCode } from '../../lib/error-code.ts'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { LogBlock } from '../../lib/log-block.ts'
import { instantAt, lastPosition, linesIn, newline, positionAt } from '../../lib/log-block.ts'
import { placementId, workloadId } from '../../model/ids.ts'
import type { LogOwner, LogWriter } from '../../ports/log-store.ts'
import { mendSegment, orDiskFull, parseName, segmentName, syncFolderOf, withFile, type Segment } from './segment.ts'

const files = { owner: 'owner.json', complete: 'complete.json' } as const

interface Ending {
  readonly last: number | null
  readonly lines: number
}

export interface FileLogInit {
  readonly owner: LogOwner
  readonly folder: string
  readonly segmentBytes: number
  /** Called when it has grown by so much, and when it is complete. */
  readonly onGrowth: (bytes: number) => Promise<void>
}

export class FileLog implements LogWriter {
  readonly owner: LogOwner
  readonly folder: string
  readonly #init: FileLogInit
  #segments: Segment[] = []
  #ending: Ending | null = null
  #last: number | null = null
  #lines = 0
  /** Of the newest segment, while it is written. */
  #file: FileHandle | null = null
  #mended: Promise<void> | null = null

  constructor(init: FileLogInit) {
    this.#init = init
    this.owner = init.owner
    this.folder = init.folder
  }

  get last(): number | null {
    return this.#last
  }

  get isComplete(): boolean {
    return this.#ending !== null
  }

  /** Oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Makes the folder of a log that is new. Throws DISK_FULL. */
  async create(): Promise<void> {
    await orDiskFull(this.folder, async () => {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      await this.#replace(files.owner, this.owner)
    })
    this.#mended = Promise.resolve()
  }

  /** Looks at what an earlier daemon has left. */
  async load(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const named = parseName(name)
      if (named === null) continue
      const path = join(this.folder, name)
      const { size, mtimeMs } = await stat(path)
      this.#segments.push({ path, ...named, lines: 0, bytes: size, touchedAt: mtimeMs })
    }
    this.#segments.sort((a, b) => a.position - b.position)
    for (const [i, next] of this.#segments.slice(1).entries()) {
      const segment = this.#segments[i]
      if (segment !== undefined) segment.lines = next.ordinal - segment.ordinal
    }
    this.#ending = (await readJson(join(this.folder, files.complete))) as Ending | null
    if (this.#ending === null) return
    this.#last = this.#ending.last
    this.#lines = this.#ending.lines
    const newest = this.#segments.at(-1)
    if (newest !== undefined) newest.lines = this.#lines - newest.ordinal
    this.#mended = Promise.resolve()
  }

  /** Must be awaited before anything is read or written: only then is it known which lines are whole. */
  ready(): Promise<void> {
    return (this.#mended ??= this.#mend())
  }

  async append(block: LogBlock): Promise<void> {
    if (block.length === 0) return
    await orDiskFull(this.folder, async () => {
      const segment = await this.#current(block)
      await this.#put(segment, block)
      this.#last = lastPosition(block)
      const lines = linesIn(block)
      segment.lines += lines
      this.#lines += lines
    })
    await this.#init.onGrowth(block.length)
  }

  /** On the disk before it is said: what printed it may be removed then. */
  async finish(): Promise<void> {
    if (this.#ending !== null) return
    const ending = { last: this.#last, lines: this.#lines }
    await orDiskFull(this.folder, async () => {
      await this.#file?.datasync()
      await this.#replace(files.complete, ending)
    })
    this.#ending = ending
    await this.close()
    // Now all of it may go.
    await this.#init.onGrowth(0)
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  /** The oldest segment that may go, or null. The newest is kept while it may grow. */
  get oldest(): Segment | null {
    return this.#segments.length > 1 || this.isComplete ? (this.#segments[0] ?? null) : null
  }

  /** A complete log without segments is nothing, and its folder is removed. */
  get isGone(): boolean {
    return this.isComplete && this.#segments.length === 0
  }

  /** Removes the oldest segment; with the last one of a complete log, the log. Returns how many bytes that gives. */
  async dropOldest(): Promise<number> {
    const [dropped, ...kept] = this.#segments
    this.#segments = kept
    if (dropped !== undefined) await rm(dropped.path, { force: true })
    if (this.isGone) await rm(this.folder, { recursive: true, force: true })
    return dropped?.bytes ?? 0
  }

  async #mend(): Promise<void> {
    for (let newest = this.#segments.at(-1); newest !== undefined; newest = this.#segments.at(-1)) {
      const found = await mendSegment(newest)
      if (found !== null) {
        this.#last = found.last
        this.#lines = newest.ordinal + found.lines
        newest.lines = found.lines
        return
      }
      this.#segments.pop()
    }
  }

  async #current(block: LogBlock): Promise<Segment> {
    const newest = this.#segments.at(-1)
    if (newest !== undefined && newest.bytes < this.#init.segmentBytes) {
      this.#file ??= await open(newest.path, 'r+')
      return newest
    }
    await this.close()
    const path = join(this.folder, segmentName(block, this.#lines))
    // What a crash left of the same first line never counted.
    this.#file = await open(path, 'w', 0o600)
    const first = { position: positionAt(block, 0), ordinal: this.#lines, at: instantAt(block, 0) }
    const segment = { path, ...first, lines: 0, bytes: 0, touchedAt: first.at }
    this.#segments.push(segment)
    return segment
  }

  /** All of the block, or nothing of it. */
  async #put(segment: Segment, block: LogBlock): Promise<void> {
    const file = this.#file
    if (file === null) throw new Error(`${segment.path} is not open`)
    try {
      for (let written = 0; written < block.length;) {
        const { bytesWritten } = await file.write(block, written, block.length - written, segment.bytes + written)
        written += bytesWritten
      }
    } catch (error) {
      await file.truncate(segment.bytes)
      throw error
    }
    segment.bytes += block.length
    segment.touchedAt = Math.max(segment.touchedAt, lastInstant(block))
  }

  async #replace(name: string, value: object): Promise<void> {
    const path = join(this.folder, name)
    await writeFile(`${path}.draft`, JSON.stringify(value), { mode: 0o600 })
    await withFile(`${path}.draft`, 'r+', (file) => file.sync())
    await rename(`${path}.draft`, path)
    await syncFolderOf(path)
  }
}

/** Whose log a folder is. Null when it was never made completely. */
export async function ownerOf(folder: string): Promise<LogOwner | null> {
  const found = (await readJson(join(folder, files.owner))) as Record<keyof LogOwner, unknown> | null
  if (found === null || typeof found.workload !== 'string' || typeof found.attempt !== 'number') return null
  const workload = workloadId(found.workload)
  const placement = placementId(workload, found.attempt)
  if (placement !== basename(folder)) return null
  return { placement, workload, attempt: found.attempt, name: String(found.name) }
}

/** Null for a file that is not there, or is no JSON: files of ours are replaced whole, so damage is not our doing. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return null
    throw error
  }
}

const lastInstant = (block: LogBlock): number => instantAt(block, block.lastIndexOf(newline, block.length - 2) + 1)
