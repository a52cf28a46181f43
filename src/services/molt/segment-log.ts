/**
 * A log of any length over many journals, of which few are in memory. What is added while a flush is under way is written together with the
 * next one, so many may wait for one flush. Each record has a number for good, by which it can be read again.
 */
import { Recent } from '../../lib/recent.ts'
import { ClawError } from '../../model/failure.ts'
import type { Disk, Journal } from '../../ports/journal.ts'

export interface SegmentSettings {
  /** A new journal is begun when the last one holds so much. */
  readonly bytes: number
  /** How many of the older ones are kept in memory once they were read. */
  readonly kept: number
}

export const usualSegments: SegmentSettings = { bytes: 4 * 1_024 * 1_024, kept: 4 }

interface Queued {
  readonly segment: number
  readonly record: Uint8Array
}

/** Records of one segment at most: numbers are told apart by it. */
const mostRecords = 65_536
/** The last record of a segment that another one follows. */
const seal = new Uint8Array(0)

export class SegmentLog {
  readonly #disk: Pick<Disk, 'openJournal'>
  readonly #name: string
  readonly #settings: SegmentSettings
  readonly #older: Recent<number, readonly Uint8Array[]>
  #journal: Journal | null = null
  /** Of the journal that is open. */
  #flushing = 0
  #segment = 0
  #records: Uint8Array[] = []
  #bytes = 0
  #queue: Queued[] = []
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  #work: Promise<void> | null = null
  /** After a failed write nobody knows what is on the disk until it is opened again. */
  #failure: { readonly error: unknown } | null = null

  constructor(disk: Pick<Disk, 'openJournal'>, name: string, settings: SegmentSettings) {
    this.#disk = disk
    this.#name = name
    this.#settings = settings
    this.#older = new Recent(settings.kept)
  }

  /** Tells all records from this number on. Throws STATE_CORRUPT when those before it are not there, or some are damaged. */
  async open(from: number, tell: (record: Uint8Array, number: number) => void): Promise<void> {
    let index = from % mostRecords
    for (let segment = Math.floor(from / mostRecords); ; segment += 1) {
      const journal = await this.#disk.openJournal(this.#file(segment))
      const { records } = journal
      if (records.length < index) {
        await journal.close()
        throw new ClawError('STATE_CORRUPT', { file: this.#file(segment), detail: 'it is shorter than it was' })
      }
      for (; index < records.length; index += 1) {
        const record = records[index]
        if (record !== undefined && record.length > 0) tell(record, segment * mostRecords + index)
      }
      if (records.at(-1)?.length !== 0) {
        this.#journal = journal
        this.#flushing = this.#segment = segment
        this.#records = [...records]
        this.#bytes = records.reduce((sum, { length }) => sum + length, 0)
        return
      }
      await journal.close()
      index = 0
    }
  }

  /** Of the record that is added next. */
  get next(): number {
    return this.#segment * mostRecords + this.#records.length
  }

  /** Its number. It is on the disk once `flushed` returns. */
  add(record: Uint8Array): number {
    const number = this.next
    this.#put(record)
    if (this.#bytes >= this.#settings.bytes || this.#records.length >= mostRecords - 1) this.#roll()
    return number
  }

  /** All that was added before is on the disk. Throws what the disk throws, and then nothing of it may be believed. */
  async flushed(): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error
    if (this.#queue.length === 0 && this.#work === null) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ resolve, reject })
    this.#work ??= this.#flush()
    await promise
  }

  /** Null where there is none with this number. */
  async read(number: number): Promise<Uint8Array | null> {
    const segment = Math.floor(number / mostRecords)
    const records = segment === this.#segment ? this.#records : await this.#olderSegment(segment)
    return records[number % mostRecords] ?? null
  }

  async close(): Promise<void> {
    await this.#work
    await this.#journal?.close()
    this.#journal = null
  }

  #put(record: Uint8Array): void {
    this.#records.push(record)
    this.#bytes += record.length
    this.#queue.push({ segment: this.#segment, record })
  }

  #roll(): void {
    this.#put(seal)
    this.#older.keep(this.#segment, this.#records)
    this.#segment += 1
    this.#records = []
    this.#bytes = 0
  }

  async #flush(): Promise<void> {
    // What is added in the same turn is written together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const [batch, waiting] = [this.#queue.splice(0), this.#waiting.splice(0)]
      try {
        if (this.#failure !== null) throw this.#failure.error
        await this.#write(batch)
        for (const { resolve } of waiting) resolve()
      } catch (error) {
        this.#failure ??= { error }
        for (const { reject } of waiting) reject(error)
      }
    }
    this.#work = null
  }

  async #write(batch: readonly Queued[]): Promise<void> {
    const bySegment = Map.groupBy(batch, ({ segment }) => segment)
    for (const [segment, queued] of bySegment) {
      if (segment !== this.#flushing) {
        await this.#journal?.close()
        this.#journal = null
        this.#journal = await this.#disk.openJournal(this.#file(segment))
        this.#flushing = segment
      }
      if (this.#journal === null) throw new Error(`${this.#name} is not open`)
      await this.#journal.append(queued.map(({ record }) => record))
    }
  }

  async #olderSegment(segment: number): Promise<readonly Uint8Array[]> {
    const known = this.#older.get(segment)
    if (known !== undefined) return known
    // What was never begun must not be made by asking for it.
    if (segment > this.#segment) return []
    const journal = await this.#disk.openJournal(this.#file(segment))
    await journal.close()
    this.#older.keep(segment, journal.records)
    return journal.records
  }

  #file(segment: number): string {
    return `${this.#name}-${segment}`
  }
}
