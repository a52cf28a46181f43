/**
 * Replaces a long log by a snapshot of the machine. The state is written beside the service's loop, a slice at a time, so that heartbeats go on
 * meanwhile.
 */
import type { RaftLog } from '../../core/consensus/log.ts'
import { ClawError } from '../../model/failure.ts'
import type { Log } from '../../ports/log.ts'
import type { RaftStore } from './raft-store.ts'
import type { Machine } from './types.ts'

/** When the log is cut: whichever comes first. `keep` entries stay for peers that are a little behind. */
export interface CompactionSettings {
  readonly entries: number
  readonly bytes: number
  readonly keep: number
}

export const usualCompaction: CompactionSettings = { entries: 8_192, bytes: 16 * 1024 * 1024, keep: 1_024 }

export interface CompactorDeps {
  readonly store: Pick<RaftStore, 'writeSnapshot'>
  readonly machine: Pick<Machine, 'snapshot'>
  readonly log: Log
  readonly stopped: AbortSignal
  readonly settings: CompactionSettings
  /** A snapshot at `index` is on disk; the log may forget entries up to `upTo`. */
  readonly onWritten: (index: number, upTo: number) => void
  readonly onBug: (error: unknown) => void
}

export class Compactor {
  readonly #deps: CompactorDeps
  #writing: Promise<void> | null = null
  /** After a failure the next try waits until the log has grown this far. */
  #notBefore = 0

  constructor(deps: CompactorDeps) {
    this.#deps = deps
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Begins a snapshot if the log is long. The machine must stand exactly at `applied`. */
  look(log: RaftLog, applied: number): void {
    const { settings, machine } = this.#deps
    const upTo = applied - settings.keep
    const term = log.termAt(applied)
    const long = log.length >= settings.entries + settings.keep || log.bytes >= settings.bytes
    if (!long || this.#writing !== null || term === undefined || upTo <= log.base.index) return
    if (applied < this.#notBefore) return
    const base = { index: applied, term, voters: log.votersAt(applied) }
    this.#writing = this.#deps.store
      .writeSnapshot(base, machine.snapshot())
      .then(() => this.#deps.onWritten(applied, upTo))
      .catch((error: unknown) => this.#failed(error, applied + settings.keep))
      .finally(() => {
        this.#writing = null
      })
  }

  #failed(error: unknown, notBefore: number): void {
    // What is not written before the end can be written after the next start.
    if (error === this.#deps.stopped.reason) return
    if (!ClawError.is(error, 'DISK_FULL')) return this.#deps.onBug(error)
    this.#notBefore = notBefore
    this.#deps.log.warn('no space for a snapshot; the log grows on', { ...error.facts })
  }
}
