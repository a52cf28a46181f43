/**
 * Term, vote, log and snapshot on disk. The journal `raft` holds every change since it was last rewritten; the blob `raft-snapshot` holds the
 * machine's state, always written before the journal forgets what it covers. The blob `raft-begun` is there before the first promise: a
 * peer that finds it without a journal knows that it has lost what it promised.
 */
import { foundingLog } from '../../core/consensus/log.ts'
import type { RaftLog } from '../../core/consensus/log.ts'
import { decodeSnapshot, encodeSnapshotHead } from '../../core/consensus/records.ts'
import { encodeAll, encodeEntry, encodeHard, reconcile, replay } from '../../core/consensus/records.ts'
import type { RestoredLog } from '../../core/consensus/records.ts'
import type { Base, Effects, HardState, Snapshot } from '../../core/consensus/types.ts'
import { crc32c, crc32cJoined } from '../../lib/crc32.ts'
import { inTurns, partsInTurns, type Slices } from '../../lib/slices.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Disk, Journal } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import { checksumOf } from './checksum.ts'
import type { Pause } from './pause.ts'
import type { Committed } from './types.ts'

const journalName = 'raft'
const snapshotName = 'raft-snapshot'
const begunName = 'raft-begun'

export interface Kept extends RestoredLog {
  readonly snapshot: Snapshot | null
}

/** What of the log neither the machine has applied nor the snapshot holds. */
export const commandsAfter = (applied: number, { log, snapshot }: Kept): readonly Committed[] =>
  log.slice(Math.max(applied, snapshot?.index ?? 0) + 1, log.lastIndex).filter((entry) => entry.kind === 'command')

export class RaftStore {
  readonly #disk: Disk
  readonly #log: Log
  readonly #pause: Pause
  #journal: Journal | null = null

  constructor(disk: Disk, log: Log, pause: Pause) {
    this.#disk = disk
    this.#log = log
    this.#pause = pause
  }

  /** Reads everything back, or begins with `founders` as voters. Throws DISK_FULL. */
  async open(founders: readonly NodeId[]): Promise<Kept> {
    await this.close()
    const begun = (await this.#disk.readBlob(begunName)) !== null
    const snapshot = await this.readSnapshot()
    const journal = await this.#openJournal()
    this.#journal = journal
    const kept = journal.records.length === 0 ? null : this.#restore(journal.records, snapshot)
    if (kept !== null && !kept.changed) {
      if (!begun) await this.#disk.writeBlob(begunName, new Uint8Array(0))
      return { hard: kept.hard, log: kept.log, snapshot }
    }
    const fresh = kept ?? this.#begin(begun, founders, snapshot)
    await this.rewrite(fresh.hard, fresh.log)
    await this.#disk.writeBlob(begunName, new Uint8Array(0))
    return { hard: fresh.hard, log: fresh.log, snapshot }
  }

  #begin(begun: boolean, founders: readonly NodeId[], snapshot: Snapshot | null): RestoredLog {
    if (!begun) return { hard: { term: 0, vote: null, mute: false }, log: foundingLog(founders) }
    const log = foundingLog([])
    this.#log.error('the log of consensus is lost; this peer follows the others, but has no vote any more')
    if (snapshot !== null) log.reset({ index: snapshot.index, term: snapshot.term, voters: snapshot.voters })
    return { hard: { term: log.last.term, vote: null, mute: true }, log }
  }

  /** Null when what is there makes no sense, and so counts as lost. */
  #restore(records: readonly Uint8Array[], snapshot: Snapshot | null): ReturnType<typeof reconcile> | null {
    try {
      return reconcile(replay(records), snapshot)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#log.error('the log of consensus does not fit together', { detail: error.message })
      return null
    }
  }

  /** A damaged journal is set aside by the disk; its successor is empty. */
  async #openJournal(): Promise<Journal> {
    try {
      return await this.#disk.openJournal(journalName)
    } catch (error) {
      if (!ClawError.is(error, 'STATE_CORRUPT')) throw error
      this.#log.error('the journal of consensus is damaged', { ...error.facts })
      return this.#disk.openJournal(journalName)
    }
  }

  /** Null when there is none, or none that can be trusted. */
  async readSnapshot(): Promise<Snapshot | null> {
    const blob = await this.#disk.readBlob(snapshotName)
    if (blob === null) return null
    const checksum = await inTurns(checksumOf(blob.subarray(4)), this.#pause)
    try {
      if (blob.length < 4 || checksum !== new DataView(blob.buffer, blob.byteOffset).getUint32(0))
        throw new RangeError('the checksum does not match')
      return decodeSnapshot(blob.subarray(4))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#log.error('the snapshot of consensus is damaged', { detail: error.message })
      return null
    }
  }

  /** The state in parts, each written before the next is asked for. Throws DISK_FULL, and what `pause` throws; the one before stays then. */
  async writeSnapshot(base: Base, state: Iterable<Uint8Array>): Promise<void> {
    let [size, checksum] = [0, 0]
    const parts = function* (): Slices<Uint8Array> {
      for (const part of state) {
        size += part.length
        checksum = crc32c(part, checksum)
        yield part
      }
    }
    const head = {
      length: 4 + encodeSnapshotHead(base, 0).length,
      make: () => {
        const front = encodeSnapshotHead(base, size)
        const bytes = new Uint8Array(4 + front.length)
        bytes.set(front, 4)
        new DataView(bytes.buffer).setUint32(0, crc32cJoined(crc32c(front), checksum, size))
        return bytes
      },
    }
    await this.#disk.streamBlob(snapshotName, partsInTurns(parts(), this.#pause), head)
  }

  /** One flush for all of it. */
  async append({ hard, entries }: NonNullable<Effects['persist']>): Promise<void> {
    const records = entries.map(encodeEntry)
    await this.#opened().append(hard === null ? records : [encodeHard(hard), ...records])
  }

  async rewrite(hard: HardState, log: RaftLog): Promise<void> {
    await this.#opened().rewrite(encodeAll(hard, log))
  }

  async close(): Promise<void> {
    const journal = this.#journal
    this.#journal = null
    await journal?.close()
  }

  #opened(): Journal {
    if (this.#journal === null) throw new Error('the store of consensus is not open')
    return this.#journal
  }
}
