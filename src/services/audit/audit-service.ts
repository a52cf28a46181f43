/**
 * Keeps the chain of this node. What begins is written before it begins, and flushed to the disk while it is done; nobody is answered
 * before that. How it ended is written before the answer and flushed within a second: what a power cut takes of it leaves a beginning
 * without an end, never a deed that is not on record. What arrives during a flush is written together with the next one.
 */
import { linkAfter, lineOf, readLine } from '../../core/audit/entry.ts'
import { deny, denialLimits, type Denials, noDenials, summaries } from '../../core/audit/denials.ts'
import { droppedUpTo, missed, recovered } from '../../core/audit/own.ts'
import type { AuditHead, AuditRecord } from '../../model/audit.ts'
import { begun, done } from '../../model/audit.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Attempt, AuditLog, AuditReader, AuditStore, Denial, Ending, OpenedAuditStore } from '../../ports/audit.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'

export interface AuditDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly open: () => Promise<OpenedAuditStore>
}

export interface AuditBounds {
  readonly segmentBytes: number
  readonly totalBytes: number
}

interface Waiting {
  /** Null for whoever only wants what was written before to be on the disk. */
  readonly record: AuditRecord | null
  /** It has to survive a power cut before anybody hears of it. */
  readonly isFlushed: boolean
  readonly settle: (error: unknown) => void
}

/** What nobody waits for is on the disk after so long. */
const lazily: Millis = 1_000
/** Entries that are kept in memory while there is no room on the disk. Further ones are only counted. */
const mostHeld = 1_000
/** Written together at most. */
const mostAtOnce = 500

export class AuditService implements AuditLog, Service {
  readonly name = 'audit'
  readonly #deps: AuditDeps
  readonly #bounds: AuditBounds
  readonly #listeners = new Set<() => void>()
  readonly #rolls = new Set<() => void>()
  #store: AuditStore | null = null
  #head: AuditHead | null = null
  #queue: Waiting[] = []
  /** What was done although there was no room to say so. */
  #held: AuditRecord[] = []
  #missed = 0
  #writing: Promise<void> | null = null
  #denials: Denials
  #window: Cancel = () => {}
  #lazy: Cancel | null = null

  constructor(deps: AuditDeps, bounds: AuditBounds) {
    this.#deps = deps
    this.#bounds = bounds
    this.#denials = noDenials(0)
  }

  get head(): AuditHead | null {
    return this.#head
  }

  async start(): Promise<void> {
    const { self, log, open } = this.#deps
    const { store, last, torn } = await open()
    this.#store = store
    const link = last === null ? null : readLine(last)
    this.#head = link === null ? null : { seq: link.entry.seq, hash: link.hash }
    if (torn === 0) return
    log.warn('a crash has cut off the end of the audit log', { bytes: torn, after: this.#head?.seq ?? 0 })
    this.#note(recovered(self, torn))
  }

  async stop(): Promise<void> {
    this.#window()
    this.#lazy?.()
    this.#writeSummaries()
    await this.#writing
    await this.#store?.close()
    this.#store = null
  }

  /** The last entry, once it and all before it are on the disk. Throws DISK_FULL. */
  async flushed(): Promise<AuditHead | null> {
    await this.#put(null, true)
    return this.#head
  }

  async begin({ makesRoom, ...deed }: Attempt): Promise<Ending> {
    const record: AuditRecord = { ...deed, decision: 'allowed', outcome: begun, count: 1 }
    try {
      await this.#put(record, false)
    } catch (error) {
      if (!makesRoom || !ClawError.is(error, 'DISK_FULL')) throw error
      this.#hold(record)
    }
    // Nothing is lost when it fails: a record that cannot be flushed is told of by the next one that can.
    const flushed = this.#put(null, true).catch(() => 'logged')
    return async (outcome) => {
      const ending = endingOf(record, outcome)
      const ended = this.#put(ending, false).catch(() => this.#hold(ending))
      await Promise.all([flushed, ended])
    }
  }

  denied({ actor, operation, outcome, ...known }: Denial): void {
    const { clock } = this.#deps
    const record: AuditRecord = {
      ...{ via: null, verb: '-', resource: '-', namespace: null, object: null, request: '-', ...known },
      ...{ actor, operation, outcome, decision: 'denied', count: 1 },
    }
    if (this.#denials.since === 0) {
      this.#denials = noDenials(Math.max(1, clock.elapsed()))
      this.#window = clock.after(denialLimits.window, () => this.#writeSummaries())
    }
    const { denials, write } = deny(this.#denials, record)
    this.#denials = denials
    if (write) this.#note(record)
  }

  read(from: number): AuditReader {
    return this.#opened.read(from)
  }

  onGrowth(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Told after a new segment was begun: a good moment to hand the head to others. */
  onRoll(listener: () => void): Unsubscribe {
    this.#rolls.add(listener)
    return () => this.#rolls.delete(listener)
  }

  get #opened(): AuditStore {
    if (this.#store === null) throw new Error('the audit log is not open')
    return this.#store
  }

  #writeSummaries(): void {
    const counted = summaries(this.#denials)
    this.#denials = noDenials(0)
    for (const record of counted) this.#note(record)
  }

  /** Without anybody who waits for it. */
  #note(record: AuditRecord): void {
    this.#put(record, false).catch(() => this.#hold(record))
  }

  #hold(record: AuditRecord): void {
    this.#deps.metrics.count('claw_audit_held_total')
    if (this.#held.length < mostHeld) this.#held.push(record)
    else this.#missed += 1
  }

  /** Throws DISK_FULL. */
  #put(record: AuditRecord | null, isFlushed: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const settle = (error: unknown): void => (error === null ? resolve() : reject(error))
    this.#queue.push({ record, isFlushed, settle })
    this.#writing ??= this.#work()
    return promise
  }

  async #work(): Promise<void> {
    // What asks in the same turn is written together.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, mostAtOnce)
      let failure: unknown = null
      try {
        await this.#write(batch)
      } catch (error) {
        failure = error
        this.#deps.metrics.count('claw_audit_failures_total')
        this.#deps.log.error('the audit log cannot be written', { error: String(error) })
      }
      for (const { settle } of batch) settle(failure)
      if (failure === null) for (const listener of this.#listeners) listener()
    }
    this.#writing = null
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { self, metrics } = this.#deps
    const store = this.#store
    if (store === null) throw new ClawError('NO_LEADER', { detail: 'this node is shutting down' })
    const [held, uncounted] = [this.#held.length, this.#missed]
    const late = [...this.#held, ...(uncounted > 0 ? [missed(self, uncounted)] : [])]
    const records = [...late, ...batch.flatMap(({ record }) => (record === null ? [] : [record]))]
    if (records.length > 0) {
      await this.#makeRoom(store)
      // From here on the chain goes on from these, whether or not they reach the disk.
      this.#head = await this.#append(store, records)
      this.#held = this.#held.slice(held)
      this.#missed -= uncounted
      metrics.count('claw_audit_entries_total', {}, records.length)
    }
    if (late.length > 0 || batch.some(({ isFlushed }) => isFlushed)) await this.#flush(store)
    else this.#lazy ??= this.#deps.clock.after(lazily, () => this.#flushLater())
  }

  async #flush(store: AuditStore): Promise<void> {
    this.#lazy?.()
    this.#lazy = null
    await store.sync()
  }

  #flushLater(): void {
    this.#lazy = null
    this.#put(null, true).catch(() => 'it is in the log that it could not be written')
  }

  /** Puts the records behind the chain's end. The chain has grown only when all of them are written. */
  async #append(store: AuditStore, records: readonly AuditRecord[]): Promise<AuditHead | null> {
    const { self, clock } = this.#deps
    const at = Math.max(0, Math.floor(clock.now()))
    let head = this.#head
    let lines = ''
    for (const record of records) {
      const link = linkAfter(head, record, { node: self, at })
      lines += `${lineOf(link)}\n`
      head = { seq: link.entry.seq, hash: link.hash }
    }
    await store.write(lines)
    return head
  }

  /** Begins a new segment when the last one is full. What has to go for it is named in the chain before it goes. */
  async #makeRoom(store: AuditStore): Promise<void> {
    const newest = store.segments.at(-1)
    if (newest !== undefined && newest.bytes < this.#bounds.segmentBytes) return
    await store.roll((this.#head?.seq ?? 0) + 1)
    for (const tell of this.#rolls) tell()
    const total = (): number => store.segments.reduce((sum, { bytes }) => sum + bytes, 0)
    while (total() > this.#bounds.totalBytes - this.#bounds.segmentBytes && store.segments.length > 2)
      await this.#dropOldest(store)
  }

  async #dropOldest(store: AuditStore): Promise<void> {
    const [oldest, next] = store.segments
    const first = next === undefined ? null : await firstOf(store, next.first)
    if (oldest === undefined || first === null) return
    const { prev, seq } = first
    const record = droppedUpTo(this.#deps.self, { seq: seq - 1, hash: prev }, seq - oldest.first)
    this.#head = await this.#append(store, [record])
    await store.sync()
    await store.dropOldest()
  }
}

const endingOf = (record: AuditRecord, outcome: string): AuditRecord => ({
  ...record,
  decision: denials.has(outcome) ? 'denied' : 'allowed',
  outcome: outcome === '' ? done : outcome,
})

/** Failures that say that it was not theirs to do. */
const denials: ReadonlySet<string> = new Set(['PERMISSION_DENIED', 'AUTH_FAILED'])

async function firstOf(
  store: AuditStore,
  from: number,
): Promise<{ readonly seq: number; readonly prev: string } | null> {
  const reader = store.read(from)
  try {
    const lines = await reader.next()
    return lines === null ? null : (readLine(lines.slice(0, lines.indexOf('\n')))?.entry ?? null)
  } finally {
    await reader.close()
  }
}
