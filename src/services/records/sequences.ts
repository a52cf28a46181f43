/**
 * Numbers for records. They are reserved on disk in blocks before the first of a block is used, so none is ever used twice, whenever the
 * power goes: two records with one number would close their issuer out for good.
 */
import { ClawError } from '../../model/failure.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'

export const sequenceFile = 'record-sequence'

const block = 1_024n

/** Where the file is lost, the clock is what is left: so many numbers a millisecond are more than anybody uses. */
const firstAt = (now: number): bigint => BigInt(now) << 20n

export class Sequences {
  readonly #disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly #clock: Pick<Clock, 'now'>
  #next = 0n
  #end = 0n
  #turn: Promise<unknown> = Promise.resolve()

  constructor(disk: Pick<Disk, 'readBlob' | 'writeBlob'>, clock: Pick<Clock, 'now'>) {
    this.#disk = disk
    this.#clock = clock
  }

  /** What was reserved in an earlier life counts as used. Throws STATE_CORRUPT. */
  async open(): Promise<void> {
    const stored = await this.#disk.readBlob(sequenceFile)
    const text = stored === null ? null : new TextDecoder().decode(stored)
    if (text !== null && !/^\d{1,20}$/.test(text))
      throw new ClawError('STATE_CORRUPT', { file: sequenceFile, detail: 'it holds no number' })
    this.#next = text === null ? firstAt(this.#clock.now()) : BigInt(text)
    this.#end = this.#next
  }

  /** Throws what the disk throws; no number is lost then. */
  async next(): Promise<bigint> {
    const mine = this.#turn.then(() => this.#take())
    this.#turn = mine.catch(() => {
      // Whoever asked is told; the next one asks the disk anew.
    })
    return mine
  }

  async #take(): Promise<bigint> {
    if (this.#next >= this.#end) {
      const end = this.#next + block
      await this.#disk.writeBlob(sequenceFile, new TextEncoder().encode(end.toString()))
      this.#end = end
    }
    const taken = this.#next
    this.#next += 1n
    return taken
  }
}
