/**
 * Decides for one node which records count, whichever way they come: put by a peer, read, heard, or its own. What it has taken stays the least
 * that it takes, also after a restart.
 */
import { Buckets } from '../../lib/buckets.ts'
import type { Network } from '../../core/molt/network.ts'
import { RecordBook } from '../../core/records/book.ts'
import { isNamed } from '../../core/records/certificate.ts'
import { writeFloor } from '../../core/records/floor-line.ts'
import type { QuotaLimits } from '../../core/records/quotas.ts'
import { defaultQuotas, Quotas } from '../../core/records/quotas.ts'
import type { WarrantPayload } from '../../core/records/rules/warrant.ts'
import { compareStandings } from '../../core/records/selector.ts'
import { type JudgeContext, type Judged, judgeRecord } from '../../core/records/validate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { RecordRefusal } from '../../model/record.ts'
import { recordKey } from '../../model/record.ts'
import { hour, type Instant, type Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { RecordGuard } from '../../ports/record-net.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Verifier } from '../../ports/signer.ts'
import { decodeRecord } from '../../wire/record.ts'
import { FloorFile } from './floor-file.ts'

/** Of one issuer: new records a second, and how many at once after a pause. */
const pace = { perSecond: 1, burst: 16 }
/** Floors outlive the records that set them, so there are more of them. */
const floorQuotas: QuotaLimits = { records: 1_024, bytes: Infinity, allRecords: 200_000, allBytes: Infinity }
const sweep: Millis = hour
/** What no clock and no delay can be the reason of. */
const dishonest: ReadonlySet<RecordRefusal> = new Set([
  ...(['size', 'encoding', 'version', 'network', 'namespace', 'key', 'kind', 'lifetime'] as const),
  ...(['signature', 'payload', 'issuer'] as const),
])

export interface KeeperDeps {
  readonly network: Network
  readonly verifier: Verifier
  readonly clock: Clock
  readonly disk: Disk
  readonly log: Log
  readonly metrics: Metrics
  readonly quotas?: QuotaLimits
}

/** Somebody was caught contradicting itself. */
export type CaughtListener = (warrant: WarrantPayload) => void

export class RecordKeeper implements RecordGuard {
  readonly #deps: KeeperDeps
  readonly #book = new RecordBook()
  readonly #file: FloorFile
  readonly #quotas: Quotas
  readonly #floors: Quotas
  readonly #pace: Buckets
  readonly #seen = new Set<(judged: Judged) => void>()
  readonly #caught = new Set<CaughtListener>()
  #wallAtStart: Instant = 0
  #elapsedAtStart: Millis = 0
  #stopSweeping: Cancel = () => {}

  constructor(deps: KeeperDeps) {
    const { clock, disk, log } = deps
    this.#deps = deps
    const isKnown = (issuer: NodeId): boolean => isNamed(issuer, deps.network)
    this.#quotas = new Quotas(deps.quotas ?? defaultQuotas, isKnown)
    this.#floors = new Quotas(floorQuotas, isKnown)
    this.#pace = new Buckets(pace.perSecond, () => clock.elapsed(), { burst: pace.burst })
    const all = (): Uint8Array[] =>
      Array.from(this.#book.floors(), (floor) => writeFloor(floor, this.#book.lessonOf(floor.key)))
    this.#file = new FloorFile({ disk, log, all, count: () => this.#book.size })
  }

  /** Reads the floors of earlier lives. Nothing may be asked of it before. */
  async open(): Promise<void> {
    const { clock } = this.#deps
    this.#wallAtStart = clock.now()
    this.#elapsedAtStart = clock.elapsed()
    await this.#file.open((floor, lesson) => {
      this.#book.restore(floor, lesson)
      this.#floors.keep(floor.key, { issuer: floor.issuer, bytes: 0 })
    })
    this.#sweepLater()
  }

  async close(): Promise<void> {
    this.#stopSweeping()
    await this.#file.close()
  }

  /** Records that were not known before, whichever way they came. */
  onSeen(listener: (judged: Judged) => void): Unsubscribe {
    this.#seen.add(listener)
    return () => this.#seen.delete(listener)
  }

  onCaught(listener: CaughtListener): Unsubscribe {
    this.#caught.add(listener)
    return () => this.#caught.delete(listener)
  }

  async check(key: string, value: Uint8Array): Promise<RecordRefusal | null> {
    const taken = await this.take(key, value)
    return 'refusal' in taken ? taken.refusal : null
  }

  /** The record, once it cannot be forgotten any more; or why it does not count. `isOwn`: nobody else could have sent too much. */
  async take(
    key: string,
    value: Uint8Array,
    { isOwn = false } = {},
  ): Promise<{ readonly judged: Judged } | { readonly refusal: RecordRefusal }> {
    const result = this.#judge(key, value, isOwn)
    if ('refusal' in result) {
      this.#deps.metrics.count('claw_records_refused_total', { why: result.refusal })
      return result
    }
    await this.#file.flush()
    return result
  }

  /** Looks at it as `take` does, and raises no floor; null when it does not count. */
  looks(key: string, value: Uint8Array): Judged | null {
    const judgement = judgeRecord(key, value, this.#context())
    if (!judgement.ok) return null
    this.#book.remember(judgement.judged)
    return judgement.judged
  }

  /** What to do with a record that somebody passes on: it is news, it is not, or nobody should have passed it on. */
  weigh(key: string, value: Uint8Array): 'news' | 'old' | 'worthless' {
    const judgement = judgeRecord(key, value, this.#context())
    if (!judgement.ok) return dishonest.has(judgement.refusal) ? 'worthless' : 'old'
    this.#book.remember(judgement.judged)
    const { outcome, isConflict } = this.#book.weigh(judgement.judged)
    return outcome === 'risen' || isConflict ? 'news' : 'old'
  }

  /** The best that was ever taken under a key, where it is at hand. It may be over by now. */
  bestOf(key: string): Judged | null {
    return this.#book.bestOf(key)
  }

  /** Who was proven to contradict itself, as far as this node knows. */
  get closedOut(): Pick<ReadonlySet<NodeId>, 'has'> {
    return { has: (issuer) => this.#book.barred(issuer) === 'closed-out' }
  }

  admit(key: string, value: Uint8Array, kept: Uint8Array | null): RecordRefusal | null {
    const next = this.looks(key, value)
    if (next === null) return 'stale'
    const floor = this.#book.floorOf(key)
    if (floor !== null && compareStandings(next.standing, floor.standing) < 0) return 'stale'
    const before = kept === null ? null : this.looks(key, kept)
    if (before !== null && compareStandings(next.standing, before.standing) < 0) return 'stale'
    const { issuer } = next.record
    return this.#quotas.problem(key, { issuer, bytes: value.length })
  }

  keeps(key: string, value: Uint8Array | null): void {
    const issuer = value === null ? undefined : decodeRecord(value)?.issuer
    if (value === null || issuer === undefined) this.#quotas.drop(key)
    else this.#quotas.keep(key, { issuer, bytes: value.length })
    this.#deps.metrics.gauge('claw_records_kept_bytes', this.#quotas.bytes)
  }

  select(values: readonly Uint8Array[]): number {
    const standings = values.map((value) => {
      const record = decodeRecord(value)
      return record === null ? null : (this.looks(recordKey(record), value)?.standing ?? null)
    })
    return standings.reduce((best, standing, i) => {
      const leader = standings[best] ?? null
      if (standing === null) return best
      return leader === null || compareStandings(standing, leader) > 0 ? i : best
    }, 0)
  }

  isAlive(key: string, value: Uint8Array): boolean {
    const judged = this.looks(key, value)
    return judged !== null && this.#book.weigh(judged).outcome !== 'stale'
  }

  #judge(
    key: string,
    value: Uint8Array,
    isOwn: boolean,
  ): { readonly judged: Judged } | { readonly refusal: RecordRefusal } {
    const judgement = judgeRecord(key, value, this.#context())
    if (!judgement.ok) return judgement
    const { judged } = judgement
    const { issuer } = judged.record
    const step = this.#book.weigh(judged)
    if (step.outcome === 'risen' && !isOwn) {
      const full = this.#floors.problem(key, { issuer, bytes: 0 })
      if (full !== null) return { refusal: full }
      if (this.#pace.take(issuer) > 0) return { refusal: 'pace' }
    }
    const { outcome, isConflict, warrant } = this.#book.take(judged)
    if (warrant !== null) this.#catch(warrant)
    if (outcome === 'stale') return { refusal: isConflict ? 'conflict' : 'stale' }
    if (outcome === 'risen') this.#risen(judged)
    return { judged }
  }

  #risen(judged: Judged): void {
    const { key, record, standing } = judged
    this.#floors.keep(key, { issuer: record.issuer, bytes: 0 })
    this.#file.note({ key, issuer: record.issuer, standing }, this.#book.lessonOf(key))
    for (const listener of this.#seen) listener(judged)
  }

  #catch(warrant: WarrantPayload): void {
    this.#deps.log.warn('an issuer of records contradicts itself', { issuer: warrant.offender })
    this.#deps.metrics.count('claw_records_conflicts_total')
    this.#book.close(warrant.offender)
    for (const listener of this.#caught) listener(warrant)
  }

  #context(): JudgeContext {
    const { network, verifier, clock } = this.#deps
    const book = this.#book
    return {
      ...{ network, verifier, now: clock.now() },
      successorOf: (key: NodeId) => book.successorOf(key),
      headOf: (account) => book.headOf(account),
      barred: (issuer) => book.barred(issuer),
      verified: (hash) => book.verified(hash),
    }
  }

  #sweepLater(): void {
    this.#stopSweeping = this.#deps.clock.after(sweep, () => {
      this.#sweep()
      this.#sweepLater()
    })
  }

  /** By a clock that does not jump: one that is set ahead by days, and back, must not make anybody forget. */
  #sweep(): void {
    const { clock } = this.#deps
    const steady = this.#wallAtStart + (clock.elapsed() - this.#elapsedAtStart)
    for (const key of this.#book.ended(Math.min(steady, clock.now()))) {
      this.#book.forget(key)
      this.#floors.drop(key)
    }
  }
}
