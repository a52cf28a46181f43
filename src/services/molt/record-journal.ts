/** A journal of records of one kind, which are told when it is opened. */
import { ClawError } from '../../model/failure.ts'
import type { Disk, Journal } from '../../ports/journal.ts'

/** One after the other; read again before it is written after a failure. */
export class RecordJournal<Record> {
  readonly #disk: Pick<Disk, 'openJournal'>
  readonly #name: string
  readonly #read: (text: string) => Record
  readonly #tell: (record: Record) => void
  #journal: Journal | null = null
  #queue: Promise<unknown> = Promise.resolve()

  constructor(
    disk: Pick<Disk, 'openJournal'>,
    name: string,
    read: (text: string) => Record,
    tell: (record: Record) => void,
  ) {
    this.#disk = disk
    this.#name = name
    this.#read = read
    this.#tell = tell
  }

  async open(): Promise<void> {
    await this.#opened()
  }

  /** `done` is called once they are on the disk, before anything else is written. */
  append(records: readonly Uint8Array[], done: () => void): Promise<void> {
    return this.#inTurn(async (journal) => {
      await journal.append(records)
      done()
    })
  }

  /** All that there is to be from now on, asked for when it is its turn: what was appended before is among it. */
  rewrite(records: () => readonly Uint8Array[], done: () => void = () => {}): Promise<void> {
    return this.#inTurn(async (journal) => {
      await journal.rewrite(records())
      done()
    })
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#journal?.close()
    this.#journal = null
  }

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
    const journal = await this.#disk.openJournal(this.#name)
    for (const bytes of journal.records) this.#tell(this.#parsed(bytes))
    this.#journal = journal
    return journal
  }

  #parsed(bytes: Uint8Array): Record {
    try {
      return this.#read(Buffer.from(bytes).toString())
    } catch (cause) {
      if (cause instanceof SyntaxError || (cause instanceof Error && cause.name === 'ZodError'))
        throw new ClawError('STATE_CORRUPT', { file: this.#name, detail: 'a record cannot be read' }, { cause })
      throw cause
    }
  }
}
