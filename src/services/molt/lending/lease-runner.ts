/**
 * Has every lease of this node be as its record says. The record is on the disk before anything is done for it; what has to be done follows
 * from it, and is done again until it is so. Each lease goes on by itself: one that waits for the mesh or the witnesses holds no other up.
 */
import { agreementId, holdAccount } from '../../../core/molt/agreement.ts'
import { keyOf } from '../../../core/molt/books.ts'
import { closedAt } from '../../../core/molt/spend.ts'
import type { Lease, LeaseDuty, LeaseInput } from '../../../core/molt/market/lease.ts'
import { holdsDevices, leaseDuties, leaseStep, leaseWakeAt } from '../../../core/molt/market/lease.ts'
import { isNews, isOver } from '../../../core/molt/market/lease-change.ts'
import { leaseWorkload } from '../../../core/molt/market/lease-work.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { WorkloadId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Certificate } from '../../../model/molt-line.ts'
import { type Instant, type Millis, minute, second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import { Loop } from '../../gateway/loop.ts'
import { Changes } from '../../logs/changes.ts'
import type { Bank } from '../bank.ts'
import { Errands } from './errands.ts'
import { type Attended, LeaseErrands, type LeaseErrandsDeps } from './lease-errands.ts'

export interface LeaseRunnerDeps extends Omit<LeaseErrandsDeps, 'step' | 'now'> {
  readonly bank: Pick<Bank, 'close' | 'books' | 'onLine'>
  /** Whether the owner's own work has taken one of these devices. */
  readonly isTaken: (devices: readonly string[]) => boolean
  /** Told of devices that a guest has had, before anybody else is promised them. */
  readonly onLeft: (devices: readonly string[]) => void
  readonly clock: Clock
}

/** What has no event of its own is looked at so often. */
const pace = { every: 5 * second, pause: 20 }
const tidyPace = { every: minute, pause: second }
/** What failed is tried again after this. */
const again: Millis = 2 * second

/** Who leaves at once waits so long for what guests have left to go, and as long again for a last look. */
const clearPatience: Millis = 20 * second

/** What ends after that is ended by the lease itself, and nobody takes anything back by it. */
const reclaimable: readonly Lease['state'][] = ['bid', 'agreed', 'funded', 'running', 'paused']

/** One lease, as this daemon sees it. */
interface Running extends Attended {
  readonly loop: Loop
  readonly changes: Changes
  /** Steps, one after the other. */
  queue: Promise<unknown>
  /** Whether its work was last told to hold still; null when this daemon has told it nothing. */
  isHeld: boolean | null
}

export class LeaseRunner implements Service {
  readonly name = 'molt-leases'
  readonly #deps: LeaseRunnerDeps
  readonly #running = new Map<Hash, Running>()
  readonly #byWorkload = new Map<WorkloadId, Hash>()
  readonly #tidy: Loop
  readonly #listeners = new Set<() => void>()
  #end = new AbortController()
  #unsubscribe: readonly Unsubscribe[] = []
  #firstVersion = 0
  #doing: LeaseErrands

  constructor(deps: LeaseRunnerDeps) {
    this.#deps = deps
    this.#doing = this.#newErrands()
    this.#tidy = new Loop(deps, tidyPace, (signal) => this.#tidyUp(signal))
  }

  start(): Promise<void> {
    const { store, work, bank } = this.#deps
    this.#end = new AbortController()
    this.#firstVersion = this.now()
    this.#doing = this.#newErrands()
    this.#unsubscribe = [
      work.onChange((workload) => this.#wake(this.#byWorkload.get(workload))),
      bank.onLine(({ order }) => this.#wake(this.#keyOfHold(order.spend.account))),
    ]
    for (const lease of store.all()) if (!isOver(lease)) this.#run(lease)
    this.#tidy.start()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#end.abort(new ClawError('NO_LEADER', { detail: 'the node is shutting down' }))
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    await this.#tidy.stop()
    for (const running of this.#running.values()) {
      await running.loop.stop()
      await running.errands.done()
      await running.queue
    }
    this.#running.clear()
  }

  now(): Instant {
    return Math.max(0, Math.floor(this.#deps.clock.now()))
  }

  /** Told whenever a lease has come to hold devices, or to let them go. */
  onDevices(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A new one, whose devices are held from now on. Throws what the disk throws. */
  async begin(lease: Lease): Promise<void> {
    await this.#deps.store.put(lease)
    this.#run(lease)
    this.#tellDevices()
  }

  /**
   * Takes what has happened into account, and returns the lease as it is on the disk then. Throws what the disk throws; nothing has changed
   * then.
   */
  step(key: Hash, input: LeaseInput): Promise<Lease | null> {
    const running = this.#running.get(key)
    // Nothing happens any more to what is over.
    if (running === undefined) return Promise.resolve(this.#deps.store.get(key))
    const done = running.queue.then(() => this.#step(key, input))
    running.queue = done.catch(() => 'whoever has stepped it hears of it')
    return done
  }

  /** Of what can be seen of it; anything else than what somebody has seen is news to him. */
  version(key: Hash): number {
    return this.#firstVersion + (this.#running.get(key)?.changes.version ?? 0) + 1
  }

  /** Returns once there is news, or after a while. Throws the signal's reason. */
  async news(key: Hash, seen: number, patience: Millis, signal: AbortSignal): Promise<void> {
    const changes = this.#running.get(key)?.changes
    if (changes === undefined || seen !== this.version(key)) return
    await changes.since(changes.version, patience, AbortSignal.any([signal, this.#end.signal]))
  }

  /** The line that has closed it, as far as it is known here. */
  finalOf({ agreement }: Lease): Certificate | null {
    if (agreement === null) return null
    return this.#deps.bank.books.byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))?.line ?? null
  }

  /** Ends whatever runs: after the time that was agreed on, or at once. */
  async reclaimAll({ isNow }: { readonly isNow: boolean }): Promise<void> {
    for (const { key } of this.#deps.store.all()) {
      await this.step(key, { type: 'reclaim' })
      if (isNow) await this.step(key, { type: 'ended', isFailed: true })
      // Agreements that are still being closed are waited for, and what is left can be fetched meanwhile.
      if (isNow || this.#deps.store.get(key)?.state === 'closed') await this.step(key, { type: 'leave' })
    }
  }

  /**
   * Returns when none of them holds a device, all are closed unless it is to be at once, and nothing of a guest is on the host. What cannot be
   * taken away is not waited for for long when it is to be at once. Throws the signal's reason.
   */
  async idle({ isNow }: { readonly isNow: boolean }, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const until = clock.elapsed() + clearPatience
    const isClear = ({ data }: Lease): boolean => data === null || data.isWiped || clock.elapsed() >= until
    const isDone = (lease: Lease): boolean => !holdsDevices(lease) && (isNow ? isClear(lease) : isOver(lease))
    const idle = new Changes(clock)
    const unsubscribe = this.onDevices(() => idle.tell())
    try {
      while (!this.#deps.store.all().every(isDone)) {
        // What is left for buyers goes with the node.
        for (const { key, state } of this.#deps.store.all())
          if (state === 'closed') await this.step(key, { type: 'leave' })
        await idle.since(idle.version, second, signal)
      }
    } finally {
      unsubscribe()
    }
    await this.#clear(signal)
  }

  /** Takes away what guests have on this host, also what no record speaks of. What is left then is found again while the node takes no part. */
  async #clear(signal: AbortSignal): Promise<void> {
    const { clock, data, log } = this.#deps
    const late = new AbortController()
    const detail = 'what guests have left was not taken away in time'
    const cancel = clock.after(clearPatience, () =>
      late.abort(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail })),
    )
    try {
      await data.sweep(new Set(), AbortSignal.any([signal, late.signal]))
    } catch (error) {
      if (!isClawError(error) || signal.aborted) throw error
      log.warn('what guests have left is on this host still', { reason: error.message })
    } finally {
      cancel()
    }
  }

  #newErrands(): LeaseErrands {
    const step = (key: Hash, input: LeaseInput): Promise<Lease | null> => this.step(key, input)
    return new LeaseErrands({ ...this.#deps, step, now: () => this.now() }, this.#end.signal)
  }

  #run(lease: Lease): void {
    const { key, agreement } = lease
    if (agreement !== null) this.#byWorkload.set(leaseWorkload(agreementId(agreement)), key)
    if (this.#running.has(key) || this.#end.signal.aborted) return
    const running: Running = {
      loop: new Loop(this.#deps, pace, (signal) => this.#drive(key, signal)),
      ...{ changes: new Changes(this.#deps.clock), errands: new Errands(this.#deps.log) },
      ...{ queue: Promise.resolve(), isHeld: null, isTidied: false, measuredAt: 0, blind: null },
    }
    this.#running.set(key, running)
    running.loop.start()
  }

  #wake(key: Hash | undefined): void {
    const running = key === undefined ? undefined : this.#running.get(key)
    running?.changes.tell()
    running?.loop.wake()
  }

  #keyOfHold(account: string): Hash | undefined {
    return this.#deps.store.ofAgreement(account.slice('agr-'.length))?.key
  }

  async #step(key: Hash, input: LeaseInput): Promise<Lease | null> {
    const { store } = this.#deps
    const before = store.get(key)
    if (before === null) return null
    const after = leaseStep(before, input, this.now())
    if (!isNews(before, after)) return before
    await store.put(after)
    if (after.agreement !== null && before.agreement === null) this.#run(after)
    this.#wake(key)
    if (after.isStopped && !before.isStopped) this.#deps.onLeft(after.devices)
    if (after.isStopped !== before.isStopped || after.state !== before.state) this.#tellDevices()
    return after
  }

  #tellDevices(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Looks at what is, and does what has to be. */
  async #drive(key: Hash, signal: AbortSignal): Promise<void> {
    const running = this.#running.get(key)
    if (running === undefined) return
    if (!this.#doing.isFresh) running.errands.do('look', () => this.#doing.refresh().then(() => running.loop.wake()))
    try {
      const lease = await this.#observed(key)
      if (lease === null || signal.aborted) return
      for (const duty of leaseDuties(lease, this.now())) await this.#carryOut(lease, duty, running)
      const next = this.#deps.store.get(key)
      const at = next === null ? null : leaseWakeAt(next)
      // What is to be closed or wiped by now is under way, or has failed and is tried again: it is looked at with the others.
      const isUnderWay = next !== null && ['closing', 'closed'].includes(next.state) && (at ?? 0) <= this.now()
      if (at !== null && !isUnderWay) running.loop.wake(Math.min(pace.every, Math.max(0, at - this.now())))
    } catch (error) {
      if (!isClawError(error)) throw error
      if (!signal.aborted) this.#deps.log.warn('a lease is seen to again', { lease: key, reason: error.message })
      running.loop.wake(again)
    }
  }

  /** What has happened to it without anybody saying so. */
  async #observed(key: Hash): Promise<Lease | null> {
    const { store, work, isTaken } = this.#deps
    const before = store.get(key)
    if (before === null) return null
    const line = this.finalOf(before)
    const outcome = line === null ? null : closedAt(line.order)
    if (outcome !== null && before.state !== 'closed') await this.step(key, { type: 'closed', outcome })
    if (!this.#doing.isFresh) return this.step(key, { type: 'tick' })
    const sight = work.sight(before)
    const { state } = before
    if (['bid', 'agreed', 'funded'].includes(state) && isTaken(before.devices))
      await this.step(key, { type: 'reclaim' })
    if (sight.is === 'running' && state === 'funded') await this.step(key, { type: 'started' })
    if (sight.is === 'evicted' && reclaimable.includes(state)) await this.step(key, { type: 'reclaim' })
    if (sight.is === 'over' && state !== 'closing' && state !== 'closed') {
      if (sight.isTaken) await this.step(key, { type: 'reclaim' })
      await this.step(key, { type: 'ended', isFailed: sight.isFailed })
    }
    return this.step(key, { type: 'tick' })
  }

  async #carryOut(lease: Lease, duty: LeaseDuty, running: Running): Promise<void> {
    switch (duty.type) {
      case 'start':
        return this.#doing.submit(lease, running)
      case 'run':
        this.#doing.measure(lease, running)
        return this.#hold(lease, running, false)
      case 'pause':
        return this.#hold(lease, running, true)
      case 'stop':
        return this.#doing.stop(lease, running)
      case 'wipe':
        return this.#doing.wipe(lease, duty, running)
      case 'close':
      case 'claim':
        return this.#doing.close(lease, duty, running)
      // What is told, and what is sent, is so whenever the buyer asks; devices are held by the record alone.
      case 'receive':
      case 'send-agreement':
      case 'send-note':
      case 'warn':
      case 'hold-devices':
      case 'release-devices':
        return undefined
    }
  }

  async #hold(lease: Lease, running: Running, isHeld: boolean): Promise<void> {
    if (this.#doing.isFresh && this.#deps.work.sight(lease).is === 'over') return
    // To hold it still is said again and again: it is for two minutes at most, and a guest that runs unpaid costs its owner.
    if (running.isHeld === isHeld && !isHeld) return
    await this.#deps.work.hold(lease, isHeld)
    running.isHeld = isHeld
  }

  /** Forgets what is over, and ends work that no lease is about: its record may have been lost. */
  async #tidyUp(signal: AbortSignal): Promise<void> {
    const { store, work, data } = this.#deps
    await store.tidy(this.now())
    const known = new Set(
      store
        .all()
        .filter(({ state, isStopped }) => state !== 'closed' || !isStopped)
        .flatMap(({ agreement }) => (agreement === null ? [] : [leaseWorkload(agreementId(agreement))])),
    )
    for (const workload of work.strays(known)) await work.end(workload, signal)
    for (const [key, { loop, errands }] of this.#running) {
      const lease = store.get(key)
      if (lease !== null && !isOver(lease)) continue
      await loop.stop()
      await errands.done()
      if (lease === null) this.#running.delete(key)
    }
    const kept = store.all().filter((lease) => !isOver(lease))
    await data.sweep(
      new Set(kept.flatMap(({ agreement }) => (agreement === null ? [] : [agreementId(agreement)]))),
      signal,
    )
    for (const [workload, key] of this.#byWorkload) if (store.get(key) === null) this.#byWorkload.delete(workload)
  }
}
