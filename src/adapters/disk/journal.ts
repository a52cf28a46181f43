/** A journal in a file, in the format of `lib/record-file`. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { encodeFile, encodeRecords, saltSize, scan } from '../../lib/record-file.ts'
import { ClawError } from '../../model/failure.ts'
import type { Journal } from '../../ports/journal.ts'
import { orDiskFull, replaceFile, syncFolder, writeAll } from './files.ts'

const mode = 0o600

/**
 * On Linux a write itself can be told to return only when the disk has it, which spares the second of two waits. Elsewhere that would
 * not reach through the disk's own cache, as flushing does.
 */
const flushesAsItWrites = process.platform === 'linux'
const flags = constants.O_RDWR | (flushesAsItWrites ? constants.O_DSYNC : 0)

/** Opens or makes it. A damaged file is set aside as `<path>.damaged` and told by STATE_CORRUPT; the next open starts an empty one. */
export async function openJournal(path: string): Promise<Journal> {
  const content = await readOrNull(path)
  if (content === null) await replaceFile(path, encodeFile(randomBytes(saltSize), []), mode)
  const found = scan(content ?? (await readFile(path)))
  if ('damage' in found) {
    await rename(path, `${path}.damaged`)
    await syncFolder(dirname(path))
    throw new ClawError('STATE_CORRUPT', { file: path, detail: found.damage })
  }
  const file = await open(path, flags)
  try {
    if (found.torn > 0) {
      await file.truncate(found.end)
      await file.sync()
    }
  } catch (error) {
    await file.close()
    throw error
  }
  return new FileJournal(path, file, found)
}

class FileJournal implements Journal {
  readonly records: readonly Uint8Array[]
  readonly #path: string
  #file: FileHandle
  #salt: Uint8Array
  #end: number
  /** After a failed write nobody knows what is on the disk until the file is read again. */
  #isBroken = false

  constructor(
    path: string,
    file: FileHandle,
    { records, salt, end }: { records: readonly Uint8Array[]; salt: Uint8Array; end: number },
  ) {
    this.records = records
    this.#path = path
    this.#file = file
    this.#salt = salt
    this.#end = end
  }

  async append(records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return
    await this.#whole(async () => {
      const bytes = encodeRecords(this.#salt, this.#end, records)
      await writeAll(this.#file, bytes, this.#end)
      if (!flushesAsItWrites) await this.#file.datasync()
      this.#end += bytes.length
    })
  }

  async rewrite(records: readonly Uint8Array[]): Promise<void> {
    await this.#whole(async () => {
      const salt = randomBytes(saltSize)
      const content = encodeFile(salt, records)
      await replaceFile(this.#path, content, mode)
      await this.#file.close()
      this.#file = await open(this.#path, flags)
      this.#salt = salt
      this.#end = content.length
    })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #whole(write: () => Promise<void>): Promise<void> {
    if (this.#isBroken) throw new Error(`${this.#path} must be opened again after a failed write`)
    this.#isBroken = true
    await orDiskFull(this.#path, write)
    this.#isBroken = false
  }
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
