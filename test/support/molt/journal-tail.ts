/** What a running daemon adds to one of its journals, read from outside and without touching the file: `openJournal` may cut what is torn. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { crc32c } from '../../../src/lib/crc32.ts'
import { headerSize } from '../../../src/lib/record-file.ts'

/** Mark, length of the payload, its checksum, checksum of the head. */
const headSize = 13

export class JournalTail {
  readonly path: string
  #file = 0
  #at = headerSize
  /** Of all that was read: a file that is written anew begins with what it had before. */
  readonly #seen = new Set<string>()

  constructor(path: string) {
    this.path = path
  }

  /** All records that were not there at the last call, oldest first. */
  read(): readonly Buffer[] {
    const bytes = this.#rest()
    const records: Buffer[] = []
    let at = 0
    while (at + headSize <= bytes.length) {
      const end = at + headSize + bytes.readUInt32LE(at + 1)
      const payload = bytes.subarray(at + headSize, end)
      // What is not there as a whole is being written: it is read the next time.
      if (end > bytes.length || crc32c(payload) !== bytes.readUInt32LE(at + 5)) break
      if (this.#isNew(payload)) records.push(payload)
      at = end
    }
    this.#at += at
    return records
  }

  #isNew(payload: Buffer): boolean {
    const hash = createHash('sha1').update(payload).digest('base64')
    if (this.#seen.has(hash)) return false
    this.#seen.add(hash)
    return true
  }

  #rest(): Buffer {
    const descriptor = openOrNull(this.path)
    if (descriptor === null) return Buffer.alloc(0)
    try {
      const { ino, size } = fstatSync(descriptor)
      if (ino !== this.#file) [this.#file, this.#at] = [ino, headerSize]
      const bytes = Buffer.alloc(Math.max(0, size - this.#at))
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, this.#at))
    } finally {
      closeSync(descriptor)
    }
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
