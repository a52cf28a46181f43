/** Floors on disk. They are written before anybody is told that a record was taken, all those of a moment with one flush. */
import { type Lesson, readFloor, writeFloor } from '../../core/records/floor-line.ts'
import type { Floor } from '../../core/records/floors.ts'
import { ClawError } from '../../model/failure.ts'
import type { Disk, Journal } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'

export const floorsFile = 'record-floors'

/** It is written anew when it has so many lines more than there are floors. */
const slack = 8_192

export interface FloorFileDeps {
  readonly disk: Disk
  readonly log: Log
  /** How many floors there are, and all of them: what a new file is made of. */
  readonly count: () => number
  readonly all: () => readonly Uint8Array[]
}

export class FloorFile {
  readonly #deps: FloorFileDeps
  #journal: Journal | null = null
  #lines = 0
  #isBroken = false
  #waiting: Uint8Array[] = []
  #writing: Promise<void> | null = null

  constructor(deps: FloorFileDeps) {
    this.#deps = deps
  }

  /** What was written down. A damaged file is set aside: what was kept of the records teaches the floors again. */
  async open(restore: (floor: Floor, lesson: Lesson) => void): Promise<void> {
    const journal = await this.#opened()
    this.#journal = journal
    this.#lines = journal.records.length
    for (const record of journal.records) {
      const { floor, lesson } = readFloor(record)
      restore(floor, lesson)
    }
  }

  note(floor: Floor, lesson: Lesson): void {
    this.#waiting.push(writeFloor(floor, lesson))
  }

  /** Resolves when everything that was noted is on the disk. Throws what the disk throws. */
  async flush(): Promise<void> {
    while (this.#writing !== null || this.#waiting.length > 0) {
      this.#writing ??= this.#write().finally(() => (this.#writing = null))
      await this.#writing
    }
  }

  async close(): Promise<void> {
    const journal = this.#journal
    this.#journal = null
    await journal?.close()
  }

  async #write(): Promise<void> {
    const lines = this.#waiting.splice(0)
    try {
      await this.#append(lines)
    } catch (error) {
      // Nobody was told yet that they are written, and the next who needs them tries again.
      this.#isBroken = true
      this.#waiting.unshift(...lines)
      throw error
    }
  }

  async #append(lines: readonly Uint8Array[]): Promise<void> {
    if (this.#isBroken) await this.#reopen()
    const journal = this.#journal
    if (journal === null) throw new Error('the floors are not open')
    const all = this.#lines + lines.length > this.#deps.count() + slack ? this.#deps.all() : null
    if (all === null) await journal.append(lines)
    else await journal.rewrite(all)
    this.#lines = all === null ? this.#lines + lines.length : all.length
  }

  /** After a write that failed a journal has to be opened anew. */
  async #reopen(): Promise<void> {
    await this.#journal?.close()
    this.#journal = await this.#opened()
    this.#lines = this.#journal.records.length
    this.#isBroken = false
  }

  async #opened(): Promise<Journal> {
    const { disk, log } = this.#deps
    try {
      return await disk.openJournal(floorsFile)
    } catch (error) {
      if (!ClawError.is(error, 'STATE_CORRUPT')) throw error
      log.error('the floors of records are damaged and set aside', { error })
      return disk.openJournal(floorsFile)
    }
  }
}
