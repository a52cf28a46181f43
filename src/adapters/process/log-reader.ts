/** Reads the log of a task while it is being written, in another process and across its files. */
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine, LogQuery } from '../../ports/executor.ts'
import { FolderWatch } from './folder-watch.ts'
import { firstPosition } from './log-file.ts'
import { hasCode } from './records.ts'

export interface LogSource {
  readonly folder: string
  /** Has everything been written that ever will be? */
  readonly isOver: () => boolean
}

const chunkBytes = 65_536
/** A reader that is slower than the task gets every line, unless the oldest file has been dropped before it came there. */
export async function* readLog(source: LogSource, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
  signal.throwIfAborted()
  let after = query.from ?? (query.tail === null ? 0 : await beforeLast(source.folder, query.tail))
  for await (const line of allLines(source, query.follow, after, signal)) {
    if (line.position <= after || (query.since !== null && line.at < query.since)) continue
    after = line.position
    yield line
  }
}

/** Lines from the file that holds the first one wanted, to the end of the last file; with `follow`, to the end of the task. */
async function* allLines(
  { folder, isOver }: LogSource,
  follow: boolean,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const folderWatch = follow ? new FolderWatch(folder) : null
  let tail = new FileTail(null, 0)
  let wanted = after + 1
  try {
    for (;;) {
      // Looked at before the read, so that what was there when it was over, or when the next file was begun, is read.
      const wasOver = isOver()
      await folderWatch?.changed(signal)
      const positions = await positionsOf(folder)
      const first = positions.findLast((position) => position <= wanted) ?? positions[0]
      if (first !== undefined && first !== tail.first) {
        await tail.close()
        tail = new FileTail(await openIfThere(folder, first), first)
      }
      for await (const line of tail.lines()) {
        signal.throwIfAborted()
        wanted = Math.max(wanted, line.position + 1)
        yield line
      }
      const next = positions.find((position) => position > tail.first)
      if (next !== undefined) {
        wanted = Math.max(wanted, next)
        folderWatch?.touch()
      } else if (wasOver || folderWatch === null) return
    }
  } finally {
    folderWatch?.close()
    await tail.close()
  }
}

/** One file, read on from where it was left. */
class FileTail {
  /** Position of its first line. */
  readonly first: number
  readonly #file: FileHandle | null
  #offset = 0
  #rest = Buffer.alloc(0)

  constructor(file: FileHandle | null, first: number) {
    this.#file = file
    this.first = first
  }

  /** The complete lines that have come since. A line that is not finished is kept for the next time. */
  async *lines(): AsyncGenerator<LogLine> {
    if (this.#file === null) return
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes)
      const { bytesRead } = await this.#file.read(chunk, 0, chunkBytes, this.#offset)
      if (bytesRead === 0) return
      this.#offset += bytesRead
      const data = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)])
      let start = 0
      for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
        const line = parseLine(data.toString('utf8', start, end))
        start = end + 1
        if (line !== null) yield line
      }
      this.#rest = Buffer.from(data.subarray(start))
    }
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }
}

/** Null for what is no line of ours, which damage to the file leaves behind. */
function parseLine(line: string): LogLine | null {
  const [, position, at, stream, text] = /^(\d{1,15}) (\d{1,15}) ([oe]) ([\s\S]*)$/.exec(line) ?? []
  if (position === undefined || text === undefined) return null
  return { position: Number(position), at: Number(at), stream: stream === 'e' ? 'stderr' : 'stdout', text }
}

/** The position before that of the line from which `count` lines are left. */
async function beforeLast(folder: string, count: number): Promise<number> {
  const positions: number[] = []
  for (const first of (await positionsOf(folder)).toReversed()) {
    const tail = new FileTail(await openIfThere(folder, first), first)
    const here: number[] = []
    try {
      for await (const { position } of tail.lines()) here.push(position)
    } finally {
      await tail.close()
    }
    positions.unshift(...here.slice(-Math.max(1, count)))
    if (positions.length >= Math.max(1, count)) break
  }
  if (count === 0) return positions.at(-1) ?? 0
  const first = positions.slice(-count)[0]
  return first === undefined ? 0 : first - 1
}

async function positionsOf(folder: string): Promise<readonly number[]> {
  try {
    const names = await readdir(folder)
    return names.flatMap((name) => firstPosition(name) ?? []).toSorted((a, b) => a - b)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

async function openIfThere(folder: string, position: number): Promise<FileHandle | null> {
  try {
    return await open(join(folder, `${String(position).padStart(15, '0')}.log`), 'r')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}
