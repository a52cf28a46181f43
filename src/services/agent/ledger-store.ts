/** The device ledger on disk. What it says has been written before anyone can read it here. */
import type { Admission, Ledger, LedgerRecord } from '../../core/agent/device-ledger.ts'
import { admit, emptyLedger, enter, recordsOf } from '../../core/agent/device-ledger.ts'
import { decodeLedgerRecord, encodeLedgerRecord } from '../../core/agent/ledger-record.ts'
import { ClawError } from '../../model/failure.ts'
import type { Disk, Journal } from '../../ports/journal.ts'

const fileName = 'device-ledger'
/** Below this many records a journal is not worth rewriting. */
const fewRecords = 1_000

export class LedgerStore {
  readonly #disk: Disk
  /** Null while the journal must be opened (again). */
  #journal: Journal | null = null
  #ledger: Ledger = emptyLedger
  #length = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  /** Throws STATE_CORRUPT when the file holds something that this program did not write. */
  async open(): Promise<void> {
    await this.#opened()
  }

  /** One after the other: admitted, on disk, then visible. Throws what the disk throws; nothing has changed then. */
  write(record: LedgerRecord): Promise<Admission> {
    const written = this.#queue.then(() => this.#write(record))
    this.#queue = written.catch(() => 'the one who wrote hears of it')
    return written
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#journal?.close()
    this.#journal = null
  }

  async #write(record: LedgerRecord): Promise<Admission> {
    const journal = await this.#opened()
    const admission = admit(this.#ledger, record)
    if (!admission.ok) return admission
    const after = enter(this.#ledger, record)
    try {
      if (this.#length >= fewRecords && this.#length > 4 * after.size) {
        const records = recordsOf(after)
        await journal.rewrite(records.map(encodeLedgerRecord))
        this.#length = records.length
      } else {
        await journal.append([encodeLedgerRecord(record)])
        this.#length += 1
      }
    } catch (error) {
      // A journal that failed once has to be read again before it is written.
      this.#journal = null
      throw error
    }
    this.#ledger = after
    return admission
  }

  async #opened(): Promise<Journal> {
    if (this.#journal !== null) return this.#journal
    const journal = await this.#disk.openJournal(fileName)
    this.#ledger = journal.records.reduce(replay, emptyLedger)
    this.#length = journal.records.length
    this.#journal = journal
    return journal
  }
}

function replay(ledger: Ledger, bytes: Uint8Array): Ledger {
  const record = decodeLedgerRecord(bytes)
  if (record !== null && admit(ledger, record).ok) return enter(ledger, record)
  throw new ClawError('STATE_CORRUPT', { file: fileName, detail: 'a record cannot be, after those before it' })
}
