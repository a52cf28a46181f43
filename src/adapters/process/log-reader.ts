/** Reads the log of a task while it is being written, in another process and across its files. */
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogBlock, LogLine } from '../../lib/log-block.ts'
import { after as behind, BlockWriter, lastPosition, linesOf } from '../../lib/log-block.ts'
import type { LogQuery } from '../../ports/executor.ts'
import { FolderWatch } from './folder-watch.ts'
import { firstPosition } from './log-file.ts'
import { hasCode } from '../../lib/error-code.ts'

export interface LogSource {
  readonly folder: string
  /** Has everything been written that ever will be? */
  readonly isOver: () => boolean
}

const chunkBytes = 65_536
/** A reader that is slower than the task gets every line, unless the oldest file has been dropped before it came there. */
export async function* readLog(source: LogSource, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBlock> {
  signal.throwIfAborted()
  let after = query.from ?? (query.tail === null ? 0 : await beforeLast(source.folder, query.tail))
  for await (const block of allLines(source, query.follow, after, signal)) {
    const wanted = behind(block, after)
    if (wanted.length === 0) continue
    after = lastPosition(wanted) ?? after
    yield wanted
  }
}

/** Lines from the file that holds the first one wanted, to the end of the last file; with `follow`, to the end of the task. */
async function* allLines(
  { folder, isOver }: LogSource,
  follow: boolean,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogBlock> {
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
      for await (const block of tail.blocks()) {
        signal.throwIfAborted()
        wanted = Math.max(wanted, (lastPosition(block) ?? 0) + 1)
        yield block
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
  async *blocks(): AsyncGenerator<LogBlock> {
    if (this.#file === null) return
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes)
      const { bytesRead } = await this.#file.read(chunk, 0, chunkBytes, this.#offset)
      if (bytesRead === 0) return
      this.#offset += bytesRead
      const data = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)])
      const writer = new BlockWriter(2 * data.length)
      let start = 0
      for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
        const line = parseLine(data.toString('latin1', start, Math.min(end, start + longestHead)))
        if (line !== null) writer.add(line, data, start + line.length, end)
        start = end + 1
      }
      if (writer.length > 0) yield writer.take()
      this.#rest = Buffer.from(data.subarray(start))
    }
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }
}

/** Two numbers of 15 digits, a mark, and what is between them. */
const longestHead = 34

type Head = Omit<LogLine, 'text'> & { readonly length: number }

/** What comes before a line's text. Null for what is no line of ours, which damage to the file leaves behind. */
function parseLine(line: string): Head | null {
  const [head, position, at, stream] = /^(\d{1,15}) (\d{1,15}) ([oe]) /.exec(line) ?? []
  if (head === undefined) return null
  const { length } = head
  return { position: Number(position), at: Number(at), stream: stream === 'e' ? 'stderr' : 'stdout', length }
}

/** The position before that of the line from which `count` lines are left. */
async function beforeLast(folder: string, count: number): Promise<number> {
  const positions: number[] = []
  for (const first of (await positionsOf(folder)).toReversed()) {
    const tail = new FileTail(await openIfThere(folder, first), first)
    const here: number[] = []
    try {
      for await (const block of tail.blocks()) here.push(...linesOf(block).map(({ position }) => position))
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
