/** Records by name, each as it was last, in a journal. What can be read here is on the disk. */
import type { Disk } from '../../ports/journal.ts'
import { RecordJournal } from './record-journal.ts'

export interface Kept<T> {
  readonly file: string
  readonly write: (value: T) => string
  /** Throws for what `write` has not written. */
  readonly read: (text: string) => T
}

/** The journal is written anew when so many of its records say nothing any more. */
const mostOutdated = 1_000

interface Entry<T> {
  readonly name: string
  /** Null for one that is gone. */
  readonly value: T | null
}

export class KeptRecords<T> {
  readonly #kept: Kept<T>
  readonly #journal: RecordJournal<Entry<T>>
  readonly #values = new Map<string, T>()
  #outdated = 0

  constructor(disk: Pick<Disk, 'openJournal'>, kept: Kept<T>) {
    this.#kept = kept
    const read = (record: string): Entry<T> => {
      const cut = record.indexOf('\n')
      const text = record.slice(cut + 1)
      return { name: record.slice(0, cut), value: text === '' ? null : kept.read(text) }
    }
    this.#journal = new RecordJournal(disk, kept.file, read, (entry) => this.#take(entry))
  }

  /** Throws STATE_CORRUPT for what this program did not write. */
  open(): Promise<void> {
    return this.#journal.open()
  }

  close(): Promise<void> {
    return this.#journal.close()
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
    return this.#write({ name, value })
  }

  async remove(name: string): Promise<void> {
    if (this.#values.has(name)) await this.#write({ name, value: null })
  }

  async #write(entry: Entry<T>): Promise<void> {
    await this.#journal.append([this.#recordOf(entry)], () => this.#take(entry))
    if (this.#outdated <= mostOutdated + this.#values.size) return
    const all = (): readonly Uint8Array[] =>
      Array.from(this.#values, ([name, value]) => this.#recordOf({ name, value }))
    // Those who write meanwhile need not write it all anew as well.
    this.#outdated = 0
    await this.#journal.rewrite(all)
  }

  #take({ name, value }: Entry<T>): void {
    if (this.#values.has(name)) this.#outdated += 1
    if (value === null) {
      this.#values.delete(name)
      this.#outdated += 1
    } else this.#values.set(name, value)
  }

  #recordOf({ name, value }: Entry<T>): Uint8Array {
    return Buffer.from(`${name}\n${value === null ? '' : this.#kept.write(value)}`)
  }
}
