/** The books of the own account on disk. What they say has been written before anybody can read it here. */
import type { Books, BooksEntry } from '../../core/molt/books.ts'
import { decodeBooksEntry, emptyBooks, encodeBooksEntry, enter } from '../../core/molt/books.ts'
import type { Network } from '../../core/molt/network.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Disk, Journal } from '../../ports/journal.ts'

const fileName = 'molt-books'

export interface BookKeeperDeps {
  readonly disk: Pick<Disk, 'openJournal'>
  readonly network: Pick<Network, 'id'>
  readonly account: NodeId
  readonly now: () => Instant
}

/** An entry without the moment at which it is made. */
export type NewEntry = BooksEntry extends infer Entry ? (Entry extends unknown ? Omit<Entry, 'at'> : never) : never

export class BookKeeper {
  readonly #deps: BookKeeperDeps
  /** Null while the journal must be opened (again). */
  #journal: Journal | null = null
  #books: Books
  #queue: Promise<unknown> = Promise.resolve()

  constructor(deps: BookKeeperDeps) {
    this.#deps = deps
    this.#books = emptyBooks(deps.network.id, deps.account)
  }

  get books(): Books {
    return this.#books
  }

  /** Throws STATE_CORRUPT for what this program did not write, or not for this account. */
  async open(): Promise<void> {
    await this.#opened()
  }

  /**
   * One after the other: `decide` sees the books as they are then and says what is to be added. Throws what the disk throws; nothing has
   * changed then.
   */
  write(decide: (books: Books) => readonly NewEntry[]): Promise<Books> {
    const written = this.#queue.then(() => this.#write(decide))
    this.#queue = written.catch(() => 'the one who wrote hears of it')
    return written
  }

  /** All entries, oldest first, for whoever checks them. */
  entries(): Promise<readonly BooksEntry[]> {
    const read = this.#queue.then(async () => {
      const journal = await this.#deps.disk.openJournal(fileName)
      await journal.close()
      return journal.records.map(readEntry)
    })
    this.#queue = read.catch(() => 'the one who reads hears of it')
    return read
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#journal?.close()
    this.#journal = null
  }

  async #write(decide: (books: Books) => readonly NewEntry[]): Promise<Books> {
    const journal = await this.#opened()
    const at = Math.max(0, Math.floor(this.#deps.now()))
    const entries = decide(this.#books).map((entry) => ({ ...entry, at }))
    if (entries.length === 0) return this.#books
    try {
      await journal.append(entries.map(encodeBooksEntry))
    } catch (error) {
      // A journal that failed once has to be read again before it is written.
      this.#journal = null
      await journal.close()
      throw error
    }
    this.#books = entries.reduce(enter, this.#books)
    return this.#books
  }

  async #opened(): Promise<Journal> {
    if (this.#journal !== null) return this.#journal
    const { disk, network, account, now } = this.#deps
    const journal = await disk.openJournal(fileName)
    if (journal.records.length === 0) {
      const at = Math.max(0, Math.floor(now()))
      await journal.append([encodeBooksEntry({ type: 'begun', network: network.id, account, at })])
    }
    try {
      this.#books = journal.records.map(readEntry).reduce(enter, emptyBooks(network.id, account))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new ClawError('STATE_CORRUPT', { file: fileName, detail: error.message })
    }
    this.#journal = journal
    return journal
  }
}

function readEntry(bytes: Uint8Array): BooksEntry {
  const entry = decodeBooksEntry(bytes)
  if (entry === null) throw new ClawError('STATE_CORRUPT', { file: fileName, detail: 'an entry cannot be read' })
  return entry
}
