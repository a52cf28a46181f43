/** What this node has said and still stands by, over a restart: it has to be said again and again. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { isRecordNamespace, type RecordName, recordKey } from '../../model/record.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Disk } from '../../ports/journal.ts'
import { decodeRecord, type RecordEnvelope } from '../../wire/record.ts'

export const ownRecordsFile = 'record-own'

export interface Own {
  readonly name: RecordName
  readonly bytes: Uint8Array
  readonly record: RecordEnvelope
  /** How long each of its records lives, and until when there is a next one. */
  readonly life: Millis
  readonly until: Instant
}

const FileSchema = z.array(
  z.strictObject({ bytes: z.base64().max(8_192), life: z.int().min(1), until: z.int().min(0) }),
)

export class OwnRecords {
  readonly #disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly #records = new Map<string, Own>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(disk: Pick<Disk, 'readBlob' | 'writeBlob'>) {
    this.#disk = disk
  }

  /** Throws STATE_CORRUPT. */
  async open(): Promise<void> {
    const stored = await this.#disk.readBlob(ownRecordsFile)
    if (stored === null) return
    for (const { bytes: text, life, until } of readFile(stored)) {
      const bytes = new Uint8Array(Buffer.from(text, 'base64'))
      const record = decodeRecord(bytes)
      if (record === null || !isRecordNamespace(record.namespace)) continue
      const name = { namespace: record.namespace, id: record.id }
      this.#records.set(recordKey(name), { name, bytes, record, life, until })
    }
  }

  get all(): readonly Own[] {
    return [...this.#records.values()]
  }

  get(key: string): Own | null {
    return this.#records.get(key) ?? null
  }

  /** It is on the disk when this returns, as it has to be before anybody else hears of it. */
  async keep(own: Own): Promise<void> {
    this.#records.set(recordKey(own.name), own)
    await this.#write()
  }

  async drop(key: string): Promise<void> {
    if (this.#records.delete(key)) await this.#write()
  }

  async #write(): Promise<void> {
    const mine = this.#turn.then(() => {
      const list = this.all.map(({ bytes, life, until }) => ({
        ...{ bytes: Buffer.from(bytes).toString('base64'), life, until },
      }))
      return this.#disk.writeBlob(ownRecordsFile, new TextEncoder().encode(JSON.stringify(list)))
    })
    this.#turn = mine.catch(() => {
      // Whoever wanted it written is told.
    })
    await mine
  }
}

function readFile(stored: Uint8Array): z.infer<typeof FileSchema> {
  try {
    return FileSchema.parse(JSON.parse(new TextDecoder().decode(stored)))
  } catch (error) {
    throw new ClawError('STATE_CORRUPT', { file: ownRecordsFile, detail: 'it holds no records' }, { cause: error })
  }
}
