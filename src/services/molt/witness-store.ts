/**
 * What a witness knows and has promised, in memory and on disk. Changes are visible at once and on the disk once `flushed` returns: whoever
 * tells of them, or signs, waits for that. A snapshot spares the next start from reading the whole log; it is written only when the log
 * has grown by more than the last one took.
 */
import { crc32c } from '../../lib/crc32.ts'
import type { Ledger } from '../../core/molt/ledger.ts'
import { moved } from '../../core/molt/ledger.ts'
import type { Promised, WitnessRecord } from '../../core/molt/witness-record.ts'
import { decodeWitnessRecord, encodeWitnessRecord } from '../../core/molt/witness-record.ts'
import type { Witnessed } from '../../core/molt/witnessed.ts'
import { decodeWitnessed, digestWith, encodeWitnessed, ledgerFor, unheard } from '../../core/molt/witnessed.ts'
import { spendHash } from '../../core/molt/spend.ts'
import { ClawError } from '../../model/failure.ts'
import type { Certificate, Order, Spend } from '../../model/molt-line.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import { SegmentLog, type SegmentSettings } from './segment-log.ts'

export interface WitnessStoreDeps {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
}

export interface WitnessStoreSettings extends SegmentSettings {
  /** A snapshot is written when the log has grown by at least so much. */
  readonly snapshotBytes: number
}

const logName = 'molt-witness'
const snapshotName = 'molt-witness-snapshot'
const wholeName = 'molt-witness-whole'
const headOf = (next: number): string => `molt witness 1 ${next}`
/** Rows of a snapshot that are made at once: others get their turn in between. */
const rowsAtOnce = 500

export class WitnessStore {
  readonly #deps: WitnessStoreDeps
  readonly #settings: WitnessStoreSettings
  readonly #log: SegmentLog
  #accounts = new Map<string, Witnessed>()
  #grown = 0
  #snapshotBytes = 0
  #writing: Promise<void> | null = null
  #isWhole = false

  constructor(deps: WitnessStoreDeps, settings: WitnessStoreSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#log = new SegmentLog(deps.disk, logName, settings)
  }

  /** Whether it holds all that this witness has ever promised. If not, it must not vote before others have told it what is final. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  get accounts(): ReadonlyMap<string, Witnessed> {
    return this.#accounts
  }

  /**
   * Reads everything back. Throws STATE_CORRUPT for what is damaged, which the disk has set aside then. The sign that all is there is taken
   * away while that is not known: whatever happens meanwhile, a witness that has lost something never takes itself for whole.
   */
  async open(): Promise<void> {
    const { disk } = this.#deps
    const wasWhole = (await disk.readBlob(wholeName)) !== null
    if (wasWhole) await disk.removeBlob(wholeName)
    const from = await this.#readSnapshot()
    let found = from > 0
    await this.#log.open(from, (bytes, number) => {
      found = true
      this.#replay(bytes, number)
    })
    if (wasWhole && found) await this.becomeWhole()
  }

  async becomeWhole(): Promise<void> {
    await this.#deps.disk.writeBlob(wholeName, new Uint8Array(0))
    this.#isWhole = true
  }

  get(account: string): Witnessed {
    return this.#accounts.get(account) ?? unheard(account)
  }

  ledgerFor(spend: Spend): Ledger {
    return ledgerFor(this.#accounts, spend)
  }

  /** Enters a line that has been found final and next on its account. */
  enter(line: Certificate): void {
    this.#apply({ type: 'final', line }, this.#add({ type: 'final', line }))
  }

  /** Enters what is promised for the next line of an account. */
  promise(account: string, { round, lock }: Pick<Witnessed['account'], 'round' | 'lock'>, order: Order | null): void {
    const { sequence } = this.get(account).account
    const record: Promised = { type: 'promised', account, sequence, round, lock, order }
    this.#apply(record, this.#add(record))
  }

  async flushed(): Promise<void> {
    await this.#log.flushed()
    this.#look()
  }

  /** Lines in the log. Throws STATE_CORRUPT where there is none. */
  async read(numbers: readonly number[]): Promise<readonly Certificate[]> {
    const lines: Certificate[] = []
    for (const number of numbers) {
      const bytes = await this.#log.read(number)
      const record = bytes === null ? null : decodeWitnessRecord(bytes)
      if (record?.type !== 'final') throw damaged(`there is no line at ${number}`)
      lines.push(record.line)
    }
    return lines
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#log.close()
  }

  #add(record: WitnessRecord): number {
    const bytes = encodeWitnessRecord(record)
    this.#grown += bytes.length
    return this.#log.add(bytes)
  }

  #replay(bytes: Uint8Array, number: number): void {
    const record = decodeWitnessRecord(bytes)
    if (record === null) throw damaged('a record cannot be read')
    this.#grown += bytes.length
    const { spend } = record.type === 'final' ? record.line.order : { spend: null }
    const { account } = this.get(record.type === 'promised' ? record.account : record.line.order.spend.account)
    const fits =
      record.type === 'promised'
        ? record.sequence === account.sequence
        : spend?.sequence === account.sequence + 1 && spend.previous === account.head
    if (!fits) throw damaged('a record cannot be, after those before it')
    this.#apply(record, number)
  }

  #apply(record: WitnessRecord, number: number): void {
    if (record.type === 'promised') {
      const { account: name, round, lock, order } = record
      const known = this.get(name)
      const voted = order === null ? null : spendHash(order.spend)
      this.#accounts.set(name, { ...known, voted: order, account: { ...known.account, round, lock, voted } })
      return
    }
    const { spend } = record.line.order
    for (const [name, account] of moved(this.ledgerFor(spend), spend)) {
      const known = this.get(name)
      if (name === spend.account) {
        known.sent.push(number)
        this.#accounts.set(name, { ...known, account, voted: null })
      } else {
        known.received.push(number)
        this.#accounts.set(name, { ...known, account, digest: digestWith(known.digest, spend) })
      }
    }
  }

  /** Begins a snapshot when it is time. */
  #look(): void {
    if (this.#writing !== null || this.#grown < Math.max(this.#settings.snapshotBytes, 2 * this.#snapshotBytes)) return
    this.#grown = 0
    this.#writing = this.#writeSnapshot()
      .catch((error: unknown) => {
        if (!ClawError.is(error, 'DISK_FULL')) throw error
        this.#deps.log.warn('there is no space for a snapshot of the accounts; their log grows on', { ...error.facts })
      })
      .finally(() => {
        this.#writing = null
      })
  }

  async #writeSnapshot(): Promise<void> {
    const { clock, disk } = this.#deps
    const { next } = this.#log
    const rows = [...this.#accounts].map(([name, witnessed]) => {
      const lengths = { sent: witnessed.sent.length, received: witnessed.received.length }
      return () => encodeWitnessed(name, witnessed, lengths)
    })
    const parts = [Buffer.from(headOf(next))]
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      const text = rows.slice(at, at + rowsAtOnce).map((row) => `\n${row()}`)
      parts.push(Buffer.from(text.join('')))
      await new Promise<void>((resolve) => void clock.after(0, resolve))
    }
    // It must tell of nothing that the log could still lose.
    await this.#log.flushed()
    const content = Buffer.concat([Buffer.alloc(4), ...parts])
    content.writeUInt32BE(crc32c(content.subarray(4)))
    await disk.writeBlob(snapshotName, content)
    this.#snapshotBytes = content.length
  }

  /** From where the log is to be read. */
  async #readSnapshot(): Promise<number> {
    const bytes = await this.#deps.disk.readBlob(snapshotName)
    if (bytes === null) return 0
    const content = Buffer.from(bytes)
    if (content.length < 4 || crc32c(content.subarray(4)) !== content.readUInt32BE()) return this.#withoutSnapshot()
    const [head = '', ...rows] = content.toString('utf8', 4).split('\n')
    const [, next] = /^molt witness 1 (\d+)$/.exec(head) ?? []
    if (next === undefined) return this.#withoutSnapshot()
    this.#accounts = new Map(rows.map(decodeWitnessed))
    this.#snapshotBytes = content.length
    return Number(next)
  }

  /** The log has everything that it held. */
  #withoutSnapshot(): number {
    this.#deps.log.error('the snapshot of the accounts is damaged; they are read from their log', {
      file: snapshotName,
    })
    return 0
  }
}

const damaged = (detail: string): ClawError => new ClawError('STATE_CORRUPT', { file: logName, detail })
