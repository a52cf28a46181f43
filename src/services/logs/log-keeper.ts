/**
 * Keeps what the work of this node prints, and reads it back. While a task lives its executor has the output, and each line is taken down
 * from there once; its position says where to go on, so a crash at any moment neither loses nor doubles one.
 */
import { lastPosition } from '../../lib/log-block.ts'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId, WorkloadId } from '../../model/ids.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Executor, TaskStatus } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'
import type { KeptLog, LogPiece, LogReader, LogStart, LogStore } from '../../ports/log-store.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { Capture } from './capture.ts'
import { Changes } from './changes.ts'
import { finishVanished } from './vanished.ts'

export interface KeptQuery extends LogStart {
  readonly follow: boolean
  /** What was printed in the last moment may be missing. */
  readonly isQuick?: true
}

export interface LogKeeperDeps {
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  readonly store: LogStore
  /** Tasks that executors of this host know. */
  readonly tasks: () => readonly TaskStatus[]
  /** Whether these are all: no executor is still to tell what it runs. */
  readonly areAllKnown: () => boolean
  /** Whether a task of this placement is still to come. */
  readonly expects: (placement: PlacementId) => boolean
  readonly nameOf: (workload: WorkloadId) => string | null
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly panic: (error: unknown) => void
}

const lookEvery: Millis = 1_000
/** Ended tasks whose output is taken down at the same time: after an upgrade there may be a thousand. */
const mostEnded = 8
/** How long a read waits for the next of what was printed before it, and a removal for what is not kept yet. */
const patience: Millis = 10_000
const removalPatience: Millis = 60_000

export class LogKeeper implements Service {
  readonly name = 'logs'
  readonly #deps: LogKeeperDeps
  readonly #captures = new Map<PlacementId, Capture>()
  readonly #running = new Map<PlacementId, Promise<void>>()
  readonly #changes: Changes
  readonly #stopped = new AbortController()
  #ended = 0
  #finishing: Promise<void> | null = null
  #cancelLook: Cancel = () => {}
  #unsubscribe: readonly Unsubscribe[] = []

  constructor(deps: LogKeeperDeps) {
    this.#deps = deps
    this.#changes = new Changes(deps.clock)
  }

  start(): Promise<void> {
    this.#unsubscribe = [...this.#deps.executors.values()].map((executor) =>
      executor.onStatus((status) => {
        this.#consider(status)
        this.#changes.tell()
      }),
    )
    this.#look()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    const detail = 'the node is shutting down'
    this.#stopped.abort(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'logs', detail }))
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#cancelLook()
    await Promise.all(this.#running.values())
    await this.#finishing
    await this.#deps.store.close()
  }

  kept(): readonly KeptLog[] {
    return this.#deps.store.list()
  }

  /**
   * The output of a placement, each block good until the next one is asked for. With `follow` it waits for a task that is still to come, and goes on until it has ended. Throws
   * WORKLOAD_NOT_FOUND when nothing is kept of it and no task is to come.
   */
  async *read(placement: PlacementId, query: KeptQuery, signal: AbortSignal): AsyncGenerator<LogPiece> {
    const off = AbortSignal.any([signal, this.#stopped.signal])
    if (!(await this.#isThere(placement, query.follow, off))) return
    const capture = this.#captures.get(placement) ?? null
    if (!query.follow && query.isQuick !== true && capture !== null) await this.#caughtUp(capture, off)
    yield* this.#pieces(placement, capture, query, off)
  }

  /** Waits until all of an ended task is kept, for as long as that is worth it. */
  async settle(placement: PlacementId): Promise<void> {
    const { clock, store, log } = this.#deps
    const status = this.#statusOf(placement)
    if (status !== null) this.#consider(status, true)
    const capture = this.#captures.get(placement)
    const end = clock.elapsed() + removalPatience
    while (capture !== undefined && !capture.isOver && clock.elapsed() < end)
      await capture.changes.since(capture.changes.version, end - clock.elapsed(), this.#stopped.signal)
    if (store.state(placement) !== 'complete')
      log.warn('a task is removed before all of its output is kept', { placement, problem: capture?.failure?.message })
  }

  /** What has no event of its own. */
  #look(): void {
    for (const status of this.#deps.tasks()) this.#consider(status)
    this.#finishVanished()
    this.#deps.metrics.gauge('claw_logs_captures', this.#captures.size)
    this.#cancelLook = this.#deps.clock.after(lookEvery, () => this.#look())
  }

  #finishVanished(): void {
    const { areAllKnown, expects, panic } = this.#deps
    if (!areAllKnown()) return
    const isAwaited = (placement: PlacementId): boolean =>
      this.#captures.has(placement) || this.#statusOf(placement) !== null || expects(placement)
    this.#finishing ??= finishVanished({ ...this.#deps, isAwaited })
      .catch(panic)
      .finally(() => (this.#finishing = null))
  }

  /** Begins to take down the output of a task, unless that is done or under way. */
  #consider({ placement, workload, status }: TaskStatus, isUrgent = false): void {
    const { store, nameOf, panic } = this.#deps
    const isEnded = status.state === 'ended'
    if (status.state === 'starting' || this.#captures.has(placement) || store.state(placement) === 'complete') return
    if (this.#stopped.signal.aborted || (isEnded && !isUrgent && this.#ended >= mostEnded)) return
    const executor = this.#executorOf(placement)
    if (executor === null) return
    const attempt = Number(placement.slice(placement.lastIndexOf('.') + 1))
    const owner = { placement, workload, attempt, name: nameOf(workload) ?? workload }
    const capture = new Capture(owner, executor, { ...this.#deps, signal: this.#stopped.signal })
    this.#captures.set(placement, capture)
    if (isEnded) this.#ended += 1
    const over = (): void => {
      this.#captures.delete(placement)
      this.#running.delete(placement)
      if (isEnded) this.#ended -= 1
    }
    this.#running.set(placement, capture.run().catch(panic).finally(over))
  }

  /** Whether there is anything to read. Throws WORKLOAD_NOT_FOUND, or the signal's reason. */
  async #isThere(placement: PlacementId, follow: boolean, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted()
      const seen = this.#changes.version
      const status = this.#statusOf(placement)
      if (status !== null) this.#consider(status, true)
      if (this.#captures.has(placement) || this.#deps.store.state(placement) !== 'none') return true
      const isToCome = status !== null || this.#deps.expects(placement)
      if (status === null && !(follow && isToCome)) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
      if (!follow) return false
      await this.#changes.since(seen, lookEvery, signal)
    }
  }

  /** Waits until everything is kept that has been printed by now, for as long as that comes nearer. */
  async #caughtUp(capture: Capture, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const { placement } = capture.owner
    const isEnded = this.#statusOf(placement)?.status.state === 'ended'
    const newest = isEnded ? Infinity : await lastOf(capture.executor, placement, signal)
    let end = clock.elapsed() + patience
    while (!capture.isOver && capture.failure === null && capture.last < newest && clock.elapsed() < end) {
      const { last } = capture
      await capture.changes.since(capture.changes.version, end - clock.elapsed(), signal)
      if (capture.last > last) end = clock.elapsed() + patience
    }
  }

  async *#pieces(
    placement: PlacementId,
    capture: Capture | null,
    query: KeptQuery,
    signal: AbortSignal,
  ): AsyncGenerator<LogPiece> {
    const { store } = this.#deps
    let start: LogStart = query
    let reader: LogReader | null = null
    let isCurrent = false
    try {
      for (;;) {
        signal.throwIfAborted()
        const wasOver = capture === null || capture.isOver
        const seen = capture?.changes.version ?? 0
        reader ??= await store.read(placement, start)
        const piece = (await reader?.next()) ?? null
        if (piece !== null) {
          if (piece.type === 'lines') start = { from: lastPosition(piece.block), tail: null, since: null }
          yield piece
          continue
        }
        if (wasOver) return
        if (capture.failure !== null) {
          for await (const block of readInPlace(capture, start, signal)) {
            start = { from: lastPosition(block), tail: null, since: null }
            yield { type: 'lines', block }
          }
          await reader?.close()
          reader = null
        }
        if (!query.follow) return
        if (!isCurrent) yield { type: 'current' }
        isCurrent = true
        await capture.changes.since(seen, lookEvery, signal)
      }
    } finally {
      await reader?.close()
    }
  }

  #statusOf(placement: PlacementId): TaskStatus | null {
    return this.#executorOf(placement)?.status(placement) ?? null
  }

  #executorOf(placement: PlacementId): Executor | null {
    for (const executor of this.#deps.executors.values()) if (executor.status(placement) !== null) return executor
    return null
  }
}

/** What cannot be kept at the moment, from the executor itself. */
const readInPlace = (
  { executor, owner }: Capture,
  { from, tail }: LogStart,
  signal: AbortSignal,
): ReturnType<Executor['logs']> => executor.logs(owner.placement, { follow: false, from, tail }, signal)

/** Position of the last line that the executor has; -1 when there is none, or it does not answer. */
async function lastOf(executor: Executor, placement: PlacementId, signal: AbortSignal): Promise<number> {
  let last = -1
  try {
    for await (const block of executor.logs(placement, { follow: false, tail: 1, from: null }, signal))
      last = lastPosition(block) ?? last
  } catch (error) {
    if (!(error instanceof ClawError) || signal.aborted) throw error
  }
  return last
}
