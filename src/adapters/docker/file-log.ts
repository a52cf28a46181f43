/**
 * Reads a container's log from the engine's own files, where this machine has them. The engine would decode and send every line at a
 * tenth of this speed, on the same processors, and its follower loses whole files when it falls behind.
 */
import { watch } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogBlock } from '../../lib/log-block.ts'
import { after, lastPosition } from '../../lib/log-block.ts'
import type { Millis } from '../../model/time.ts'
import { BrokenLog, instantOf } from './entry-lines.ts'
import { JsonLogReader } from './json-log.ts'
import { fileAt, isMissing, type LogFile } from './log-files.ts'

export interface FileLogSource {
  /** Of the newest file. */
  readonly path: string
  /** When the container was made, in microseconds since the epoch. */
  readonly base: number
}

export interface Following {
  /** Whether all has been written that ever will be. */
  readonly isOver: () => boolean
  /** Waits until that may have changed. Throws the signal's reason. */
  readonly changed: (signal: AbortSignal) => Promise<void>
}

export interface Reading {
  /** Positions above this one; null for all. */
  readonly from: number | null
  /** Null to read what is there. */
  readonly following: Following | null
}

const chunkBytes = 262_144
/** Lines are looked for from a little before, so that those of the same microsecond get the same ranks again. */
const slackMicros = 1_000_000
/** So long is waited after a line for more, so that many are read at once. */
const gathering: Millis = 10
/** Should a file system tell nothing of changes, this is how late lines come. */
const longestWait: Millis = 1_000

/** Null when there are no files to be read. Throws BrokenLog when they hold something else. */
export async function fileLog(
  { path, base }: FileLogSource,
  { from, following }: Reading,
  signal: AbortSignal,
): Promise<AsyncGenerator<LogBlock> | null> {
  const file = await fileAt(path, from === null ? null : instantOf(from, base) * 1_000 - slackMicros)
  return file === null ? null : linesFrom(file, { path, base }, { from, following }, signal)
}

async function* linesFrom(
  first: LogFile,
  { path, base }: FileLogSource,
  { from, following }: Reading,
  signal: AbortSignal,
): AsyncGenerator<LogBlock> {
  const reader = new JsonLogReader(base)
  let file = first
  let last = from ?? -1
  try {
    for (;;) {
      signal.throwIfAborted()
      // Looked at before the read, so that what was there when it was over, or when the file was rotated, is read.
      const isLast = following === null || following.isOver()
      const isRotated = await file.isRotated()
      for (let chunk = await file.read(chunkBytes); chunk !== null; chunk = await file.read(chunkBytes)) {
        const block = after(reader.push(chunk), last)
        last = lastPosition(block) ?? last
        if (block.length > 0) yield block
        signal.throwIfAborted()
      }
      const next = isRotated ? await file.next() : null
      if (next !== null) {
        await file.close()
        file = next
        if (!reader.isWhole) throw new BrokenLog('a file of the log ends within an entry')
      } else if (isLast) return
      else await somethingNew(file, path, following, signal)
    }
  } finally {
    await file.close()
  }
}

/** Waits until there is more of the log, or it may be over. Throws the signal's reason. */
async function somethingNew(file: LogFile, path: string, { changed }: Following, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  try {
    await Promise.race([
      written(path, () => file.hasMore(), either),
      changed(either),
      delay(longestWait, undefined, { signal: either }),
    ])
  } finally {
    done.abort()
  }
  await delay(gathering, undefined, { signal })
}

/** Looks once more after the watch has begun: what came before nobody tells. While the file is being renamed there is nothing to watch. */
function written(path: string, hasMore: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      watch(path, { signal }, () => resolve()).on('error', reject)
    } catch (error) {
      if (!isMissing(error)) throw error
      return
    }
    const look = async (): Promise<void> => {
      if (await hasMore()) resolve()
    }
    look().catch(reject)
  })
}
