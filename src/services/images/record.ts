/** The book of this node's images on its disk. Little depends on its last lines, so hardly anybody waits for them. */
import type { Book } from '../../core/images/book.ts'
import { decodeBook, encodeBook } from '../../core/images/book.ts'
import { ClawError } from '../../model/failure.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'

const fileName = 'images'

export class ImageRecord {
  readonly #disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly #log: Log
  #book: Book = new Map()
  #writing: Promise<void> | null = null
  #isDirty = false

  constructor({ disk, log }: { readonly disk: Pick<Disk, 'readBlob' | 'writeBlob'>; readonly log: Log }) {
    this.#disk = disk
    this.#log = log
  }

  get book(): Book {
    return this.#book
  }

  async open(): Promise<void> {
    const bytes = await this.#disk.readBlob(fileName)
    const read = bytes === null ? null : decodeBook(bytes)
    if (bytes !== null && read === null)
      this.#log.warn('the record of where images came from is damaged and begins anew', { file: fileName })
    // What came before the file was read stays.
    this.#book = new Map([...(read ?? []), ...this.#book])
  }

  change(work: (book: Book) => Book): void {
    const after = work(this.#book)
    if (after === this.#book) return
    this.#book = after
    this.#isDirty = true
    this.#writing ??= this.#write().finally(() => (this.#writing = null))
  }

  /** Returns when all is on the disk, or the log says why it is not. */
  async written(): Promise<void> {
    await this.#writing
  }

  close(): Promise<void> {
    return this.written()
  }

  async #write(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false
      try {
        await this.#disk.writeBlob(fileName, encodeBook(this.#book))
      } catch (error) {
        if (!(error instanceof ClawError)) throw error
        this.#log.warn('where an image came from could not be written down', { problem: error.message })
      }
    }
  }
}
