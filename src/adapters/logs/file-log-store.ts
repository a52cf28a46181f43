/** Kept logs in a folder of this host, within bounds for each and for all of them together. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlacementId } from '../../model/ids.ts'
import type { KeptLog, LogOwner, LogReader, LogStart, LogStore, LogWriter } from '../../ports/log-store.ts'
import { FileLog, ownerOf } from './file-log.ts'
import { FileLogReader } from './file-log-reader.ts'

export interface LogBounds {
  readonly segmentBytes: number
  /** Of one attempt of one workload. */
  readonly attemptBytes: number
  readonly totalBytes: number
  /** How many logs, however small. */
  readonly logs: number
}

const mib = 1_048_576

export const logBounds: LogBounds = {
  segmentBytes: 4 * mib,
  attemptBytes: 256 * mib,
  totalBytes: 4_096 * mib,
  logs: 5_000,
}

export async function openLogStore(folder: string, bounds: LogBounds = logBounds): Promise<LogStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const store = new FileLogStore(folder, bounds)
  await store.load()
  return store
}

class FileLogStore implements LogStore {
  readonly #folder: string
  readonly #bounds: LogBounds
  readonly #logs = new Map<PlacementId, FileLog>()
  #total = 0
  /** One at a time: what two saw as the oldest is dropped once. */
  #making: Promise<void> = Promise.resolve()

  constructor(folder: string, bounds: LogBounds) {
    this.#folder = folder
    this.#bounds = bounds
  }

  async load(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const folder = join(this.#folder, name)
      const owner = await ownerOf(folder)
      // Cut off while it was made: nothing was in it yet.
      if (owner === null) await rm(folder, { recursive: true, force: true })
      else await this.#log(owner).load()
    }
    for (const { bytes } of this.#logs.values()) this.#total += bytes
    await this.#makeRoom()
  }

  list(): readonly KeptLog[] {
    return Array.from(this.#logs.values(), ({ owner, bytes, isComplete }) => ({ ...owner, bytes, isComplete }))
  }

  state(placement: PlacementId): 'none' | 'open' | 'complete' {
    const log = this.#logs.get(placement)
    return log === undefined ? 'none' : log.isComplete ? 'complete' : 'open'
  }

  async write(owner: LogOwner): Promise<LogWriter> {
    const known = this.#logs.get(owner.placement)
    if (known !== undefined) {
      await known.ready()
      return known
    }
    const log = this.#log(owner)
    try {
      await log.create()
    } catch (error) {
      this.#logs.delete(owner.placement)
      throw error
    }
    return log
  }

  async read(placement: PlacementId, start: LogStart): Promise<LogReader | null> {
    const log = this.#logs.get(placement)
    if (log === undefined) return null
    await log.ready()
    return new FileLogReader(log, start)
  }

  async close(): Promise<void> {
    await this.#making
    for (const log of this.#logs.values()) await log.close()
  }

  #log(owner: LogOwner): FileLog {
    const log: FileLog = new FileLog({
      owner,
      folder: join(this.#folder, owner.placement),
      segmentBytes: Math.min(this.#bounds.segmentBytes, this.#bounds.attemptBytes),
      onGrowth: (bytes) => this.#grown(log, bytes),
    })
    this.#logs.set(owner.placement, log)
    return log
  }

  async #grown(log: FileLog, bytes: number): Promise<void> {
    this.#total += bytes
    while (log.bytes > this.#bounds.attemptBytes && log.oldest !== null) this.#total -= await log.dropOldest()
    if (this.#total <= this.#bounds.totalBytes && this.#logs.size <= this.#bounds.logs) return
    this.#making = this.#making.then(() => this.#makeRoom())
    await this.#making
  }

  /** The oldest goes first, whose ever it is. */
  async #makeRoom(): Promise<void> {
    while (this.#total > this.#bounds.totalBytes || this.#logs.size > this.#bounds.logs) {
      const oldest = this.#oldest()
      if (oldest === null) return
      this.#total -= await oldest.dropOldest()
      if (oldest.isGone) this.#logs.delete(oldest.owner.placement)
    }
  }

  #oldest(): FileLog | null {
    let [found, at]: [FileLog | null, number] = [null, Infinity]
    for (const log of this.#logs.values()) {
      const { oldest } = log
      const touchedAt = oldest?.touchedAt ?? (log.isComplete ? 0 : Infinity)
      if (touchedAt < at) [found, at] = [log, touchedAt]
    }
    return found
  }
}
