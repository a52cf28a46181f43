/** Brings this peer and others up to date with each other, one at a time. */
import { answerSync, firstBatch, heldVersions, wantedReports } from '../../core/membership/capacity-sync.ts'
import type { CapacityTable } from '../../core/membership/capacity-table.ts'
import { pick } from '../../core/membership/detector-state.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { SignedReport } from '../../wire/capacity.ts'
import { syncCapacity } from '../../wire/capacity.ts'

export interface ReportSyncDeps {
  readonly clock: Clock
  readonly random: Random
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly peers: Pick<Peers, 'self' | 'up' | 'onChange'>
  readonly log: Log
  readonly metrics: Metrics
  readonly table: CapacityTable
  /** Judges reports; returns those that were new. */
  readonly take: (reports: readonly SignedReport[]) => readonly SignedReport[]
  readonly settings: ReportSyncSettings
  readonly isSmallMesh: () => boolean
}

export interface ReportSyncSettings {
  /** How often, on average, a random peer is synchronised with, in small and in large meshes. */
  readonly syncEverySmall: Millis
  readonly syncEveryLarge: Millis
  /** In very large meshes so much for each report held: a round costs as much as there are. */
  readonly syncEveryPerNode: Millis
  /** What is new in a large mesh is collected for so long and then given to so many random peers, once. */
  readonly pushEvery: Millis
  readonly pushTo: number
}

/** A round with one peer ends after so many batches, even if there is more: others have it too. */
const maxBatches = 32
/** The peer with the larger id waits, because the other one starts as well, and one exchange serves both. */
const courtesy: Millis = 500

export class ReportSync {
  readonly #deps: ReportSyncDeps
  readonly #queue = new Set<NodeId>()
  readonly #lastWith = new Map<NodeId, Millis>()
  #unsubscribe: readonly Unsubscribe[] = []
  readonly #news: SignedReport[] = []
  #alarm: Cancel = () => {}
  #pushAlarm: Cancel = () => {}
  #isBusy = false
  #stopping = new AbortController()

  constructor(deps: ReportSyncDeps) {
    this.#deps = deps
  }

  start(): void {
    const { rpc, peers, clock, table, take, isSmallMesh } = this.#deps
    this.#stopping = new AbortController()
    this.#unsubscribe = [
      rpc.serve(syncCapacity, (request, from) => {
        this.#lastWith.set(from, clock.elapsed())
        const fresh = take(request.reports)
        if (!isSmallMesh()) for (const report of fresh) this.push(report)
        return Promise.resolve(answerSync(table, request, clock.now()))
      }),
      peers.onChange(({ peer, up }) => {
        if (up) this.#meet(peer)
      }),
    ]
    for (const peer of peers.up()) this.#meet(peer)
    this.#repeat()
  }

  stop(): void {
    this.#alarm()
    this.#pushAlarm()
    this.#news.length = 0
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#queue.clear()
    this.#stopping.abort(new Error('membership stops'))
  }

  /**
   * Passes a new report on. Every peer does so once with everything that it is given, so news is everywhere after a few hops;
   * the regular rounds find what is missed.
   */
  push(report: SignedReport): void {
    this.#news.push(report)
    if (this.#news.length === 1)
      this.#pushAlarm = this.#deps.clock.after(this.#deps.settings.pushEvery, () => this.#pushAll())
  }

  #pushAll(): void {
    const { rpc, peers, random, settings } = this.#deps
    const reports = firstBatch(this.#news.splice(0))
    for (const peer of pick([...peers.up()], settings.pushTo, () => random.next()))
      rpc
        .call(peer, syncCapacity, { have: [], reports, onlyGives: true }, this.#stopping.signal)
        .catch((error: unknown) => this.#failed(peer, error))
  }

  #meet(peer: NodeId): void {
    const { clock, peers } = this.#deps
    const metAt = clock.elapsed()
    if (peers.self < peer) return this.#enqueue(peer)
    clock.after(courtesy, () => {
      if ((this.#lastWith.get(peer) ?? -1) < metAt) this.#enqueue(peer)
    })
  }

  #repeat(): void {
    const { clock, random, peers, table, settings, isSmallMesh } = this.#deps
    const every = isSmallMesh()
      ? settings.syncEverySmall
      : Math.max(settings.syncEveryLarge, table.held.size * settings.syncEveryPerNode)
    // Between half and one and a half of the time, so that peers do not fall into step.
    this.#alarm = clock.after(every * (0.5 + random.next()), () => {
      for (const peer of pick([...peers.up()], 1, () => random.next())) this.#enqueue(peer)
      this.#repeat()
    })
  }

  #enqueue(peer: NodeId): void {
    if (this.#stopping.signal.aborted) return
    this.#queue.add(peer)
    if (this.#isBusy) return
    this.#isBusy = true
    this.#drain().then(
      () => (this.#isBusy = false),
      (error: unknown) => {
        this.#isBusy = false
        this.#deps.log.error('synchronisation broke off', { error })
      },
    )
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue.values().next(); next.done !== true; next = this.#queue.values().next()) {
      this.#queue.delete(next.value)
      try {
        await this.#syncWith(next.value)
      } catch (error) {
        this.#failed(next.value, error)
      }
    }
  }

  async #syncWith(peer: NodeId): Promise<void> {
    const { rpc, table, take, clock } = this.#deps
    const { signal } = this.#stopping
    for (let batch = 0; batch < maxBatches; batch += 1) {
      const request = { have: heldVersions(table), reports: [], onlyGives: false }
      const reply = await rpc.call(peer, syncCapacity, request, signal)
      const fresh = take(reply.reports)
      const reports = wantedReports(table, reply.wanted)
      if (reports.length > 0) await rpc.call(peer, syncCapacity, { have: [], reports, onlyGives: true }, signal)
      if (!reply.more || fresh.length === 0) break
    }
    this.#lastWith.set(peer, clock.elapsed())
  }

  /** A peer that cannot be reached is no trouble: the next round asks another one. */
  #failed(peer: NodeId, error: unknown): void {
    if (this.#stopping.signal.aborted) return
    this.#deps.metrics.count('claw_capacity_sync_failures_total')
    const isExpected = error instanceof ClawError
    this.#deps.log[isExpected ? 'debug' : 'error']('peer could not be synchronised with', { peer, error })
  }
}
