/** Records by name, each as it was last, in a journal. What can be read here is on the disk. */
import { ClawError } from '../../model/failure.ts'
import type { Disk, Journal } from '../../ports/journal.ts'

export interface Kept<T> {
  readonly file: string
  readonly write: (value: T) => string
  /** Throws for what `write` has not written. */
  readonly read: (text: string) => T
}

/** The journal is written anew when so many of its records say nothing any more. */
const mostOutdated = 1_000

export class KeptRecords<T> {
  readonly #disk: Pick<Disk, 'openJournal'>
  readonly #kept: Kept<T>
  readonly #values = new Map<string, T>()
  #journal: Journal | null = null
  #outdated = 0
  /** Writes, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(disk: Pick<Disk, 'openJournal'>, kept: Kept<T>) {
    this.#disk = disk
    this.#kept = kept
  }

  /** Throws STATE_CORRUPT for what this program did not write. */
  async open(): Promise<void> {
    await this.#opened()
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#journal?.close()
    this.#journal = null
  }

  /** In the order in which they were put first. */
  all(): readonly T[] {
    return [...this.#values.values()]
  }

  get(name: string): T | null {
    return this.#values.get(name) ?? null
  }

  /** Throws what the disk throws; then nobody knows which of the two is there until it is written again. */
  put(name: string, value: T): Promise<void> {
    return this.#inTurn(async (journal) => {
      await journal.append([recordOf(name, this.#kept.write(value))])
      if (this.#values.has(name)) this.#outdated += 1
      this.#values.set(name, value)
      await this.#compacted(journal)
    })
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async (journal) => {
      if (!this.#values.has(name)) return
      await journal.append([recordOf(name, '')])
      this.#values.delete(name)
      this.#outdated += 2
      await this.#compacted(journal)
    })
  }

  async #compacted(journal: Journal): Promise<void> {
    if (this.#outdated <= mostOutdated + this.#values.size) return
    await journal.rewrite(Array.from(this.#values, ([name, value]) => recordOf(name, this.#kept.write(value))))
    this.#outdated = 0
  }

  /** A journal whose write has failed is read again before it is used. */
  #inTurn(write: (journal: Journal) => Promise<void>): Promise<void> {
    const done = this.#queue.then(async () => {
      const journal = await this.#opened()
      try {
        await write(journal)
      } catch (error) {
        this.#journal = null
        await journal.close()
        throw error
      }
    })
    this.#queue = done.catch(() => 'the one who wrote hears of it')
    return done
  }

  async #opened(): Promise<Journal> {
    if (this.#journal !== null) return this.#journal
    const journal = await this.#disk.openJournal(this.#kept.file)
    this.#values.clear()
    this.#outdated = 0
    for (const bytes of journal.records) this.#take(bytes)
    this.#journal = journal
    return journal
  }

  #take(bytes: Uint8Array): void {
    const record = Buffer.from(bytes).toString()
    const cut = record.indexOf('\n')
    const [name, text] = [record.slice(0, cut), record.slice(cut + 1)]
    if (this.#values.has(name)) this.#outdated += 1
    if (text === '') {
      this.#values.delete(name)
      this.#outdated += 1
      return
    }
    this.#values.set(name, this.#parsed(text))
  }

  #parsed(text: string): T {
    try {
      return this.#kept.read(text)
    } catch (cause) {
      throw new ClawError('STATE_CORRUPT', { file: this.#kept.file, detail: 'a record cannot be read' }, { cause })
    }
  }
}

const recordOf = (name: string, text: string): Uint8Array => Buffer.from(`${name}\n${text}`)
