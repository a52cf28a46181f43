/**
 * Has the kernel of this host keep apart what the mesh's network policies keep apart. What it was told stays when this daemon ends: work
 * goes on, and so does what is not allowed to reach it.
 */
import type { RulingSource } from '../../core/network-policy/ruling.ts'
import { rulingOf } from '../../core/network-policy/ruling.ts'
import type { Endpoint, WorkMarks } from '../../core/network-policy/work.ts'
import { endpointOf, marksOf } from '../../core/network-policy/work.ts'
import { subnetOf } from '../../core/overlay/addresses.ts'
import { joinsOverlay } from '../../core/overlay/joins.ts'
import type { Change } from '../../core/state/types.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import { parseIpv4 } from '../../lib/cidr.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { TaskState, TaskStatus } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'
import type { PacketFilter, Ruling } from '../../ports/packet-filter.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'
import type { SeenWork } from './seen.ts'
import { seenWork } from './seen.ts'

export interface NetworkPolicyDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'onChange' | 'fresh'>
  /** Work on this host, as its executors know it. */
  readonly tasks: {
    all(): readonly TaskStatus[]
    /** Whether these are all: no executor is still to tell what it runs. */
    areAllKnown(): boolean
    onChange(listener: () => void): Unsubscribe
  }
  readonly filter: PacketFilter
  readonly clock: Clock
  readonly log: Log
}

/** What problems of this service begin with. */
export const networkPolicyProblem = 'network policies: '

/** Whether somebody has taken the rules away is looked at so often. */
const every: Millis = 5 * second
/** What comes at once is done together. */
const pause: Millis = second / 20
/** For work elsewhere: what the mesh does there comes late anyway, and a large mesh does much. */
const farPause: Millis = second / 2
/** How long one try to learn what was missed lasts. */
const freshPatience: Millis = 10 * second
/** How long it is waited before it is told that nothing is put in place. */
const waitPatience: Millis = 15 * second
/** After a failure. */
const soon: Millis = second

export class NetworkPolicyService implements Service {
  readonly name = 'network-policies'
  readonly #deps: NetworkPolicyDeps
  readonly #loop: Loop
  readonly #listeners = new Set<() => void>()
  #problems: readonly string[] = []
  /** The state is not older than what an earlier daemon may have gone by. */
  #isFresh = false
  #freshening: Promise<void> | null = null
  /** When the next try to be is due, on the steady clock. */
  #freshAfter: Millis = 0
  /** Rules may be there that nobody needs any more. */
  #mayHaveRules = true
  /** Null until there was a ruling. */
  #seen: SeenWork | null = null
  #stopped = new AbortController()
  /** Whoever waits for the next look to end. */
  readonly #waiting = new Set<() => void>()
  /** How often policies, or work of this host, have come, changed or gone, and how many of those times the last look that has ended knew of. */
  #changed = 1
  #looked = 0
  /** The rules that are there are of this daemon. */
  #hasApplied = false
  /** The rules of a daemon before are left alone as long as this one may have missed something. */
  #isWaiting = false
  #waitingSince: Millis | null = null

  constructor(deps: NetworkPolicyDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every, pause }, (signal) => this.#run(signal))
  }

  start(): Promise<void> {
    const { control, tasks } = this.#deps
    this.#stopped = new AbortController()
    this.#loop.start(() => {
      const subscriptions = [
        control.onChange((changes) => this.#note(changes)),
        tasks.onChange(() => {
          if (control.state.networkPolicies.size === 0) return
          if (this.#seen?.areNewTasks(tasks.all(), tasks.areAllKnown()) === false) return
          this.#changed += 1
          this.#loop.wake()
        }),
      ]
      return () => {
        for (const unsubscribe of subscriptions) unsubscribe()
      }
    })
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new ClawError('NO_LEADER', { detail: 'the node is shutting down' }))
    this.#release()
    await this.#loop.stop()
    await this.#freshening
  }

  /** Why policies are not kept here, in words. */
  problems(): readonly string[] {
    return this.#problems
  }

  /** Tells when `problems` has something else to say. */
  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Waits until the policies that there are now have been put in place for the work that there is, so that what is started next begins
   * with nothing let through to it, also at an address that other work had. Where they cannot be, it is only waited for that to be known,
   * and `problems` says it. Throws NO_LEADER once the service has stopped, as nobody puts anything in place then.
   */
  async settled(signal: AbortSignal): Promise<void> {
    const wanted = this.#changed
    const stopped = this.#stopped.signal
    while (this.#looked < wanted && !signal.aborted && !stopped.aborted)
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#waiting.delete(done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#waiting.add(done)
        signal.addEventListener('abort', done, { once: true })
      })
    stopped.throwIfAborted()
  }

  #release(): void {
    for (const done of this.#waiting) done()
  }

  /** Most of what becomes of work says nothing new of who it is and where. */
  #note(changes: readonly Change[]): void {
    const isAny = this.#deps.control.state.networkPolicies.size > 0
    const isNear = (change: Change): boolean =>
      change.type === 'network-policy' ||
      (isAny && change.type === 'overlay') ||
      (isAny && change.type === 'workload' && (this.#seen?.isNewHere(change.workload) ?? true))
    if (changes.some(isNear)) {
      this.#changed += 1
      this.#loop.wake()
      return
    }
    const isFar = (change: Change): boolean =>
      isAny && change.type === 'workload' && (this.#seen?.isNewElsewhere(change.workload) ?? true)
    if (changes.some(isFar)) this.#loop.wake(farPause)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const changed = this.#changed
    this.#isWaiting = false
    try {
      this.#tell(await this.#reconcile(signal))
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      if (signal.aborted) return
      this.#deps.log.warn('who may reach whom could not be put in place', { reason: error.message })
      this.#tell([error.message])
      this.#loop.wake(soon)
    } finally {
      if (!this.#isWaiting) {
        this.#waitingSince = null
        this.#looked = changed
      }
      this.#release()
    }
  }

  /** Returns what is wrong, in words. */
  async #reconcile(signal: AbortSignal): Promise<readonly string[]> {
    const { filter, control, tasks } = this.#deps
    this.#freshen()
    if (control.state.networkPolicies.size === 0) {
      await this.#withdraw(signal)
      return []
    }
    this.#mayHaveRules = true
    const ruling = this.#ruling()
    // Without the overlay no work can be told from other work. What was kept apart stays so.
    if (ruling === null) return []
    const obstacle = await filter.obstacle()
    if (obstacle !== null) return [`they are not kept here, as ${obstacle}`]
    // What this daemon has read of its own disk may be older than what the daemon before it went by.
    // And until the engine has told what runs here, only that one knows addresses of a range that the mesh has left.
    const mayMiss = !this.#isFresh || (!this.#hasApplied && !tasks.areAllKnown())
    this.#isWaiting = mayMiss && (await filter.isThere(signal))
    if (this.#isWaiting) return this.#whyWaiting()
    const problems = await filter.apply(ruling, signal)
    this.#hasApplied = true
    return problems
  }

  /** Nothing at first: most daemons have heard within moments. */
  #whyWaiting(): readonly string[] {
    const now = this.#deps.clock.elapsed()
    this.#waitingSince ??= now
    if (now - this.#waitingSince < waitPatience) return []
    const what = this.#isFresh ? 'the container engine has told what runs here' : 'a leader has told what is new'
    return [`they are those of the daemon before until ${what}`]
  }

  #ruling(): Ruling | null {
    const { self, control } = this.#deps
    const { state } = control
    const slot = state.overlay?.nodes.get(self)?.slot
    if (state.overlay === null || slot === undefined) return null
    const { tasks } = this.#deps
    this.#seen = seenWork({ self, state, tasks: tasks.all(), areAllKnown: tasks.areAllKnown() })
    return rulingOf({
      policies: [...state.networkPolicies.values()],
      others: this.#seen.others,
      ...this.#ownWork(),
      subnet: subnetOf(state.overlay.settings, slot),
      running: tasks.all().flatMap(({ status }) => addressOf(status) ?? []),
    })
  }

  /** By the addresses that it has now, which the mesh may not have heard of yet. */
  #ownWork(): Pick<RulingSource, 'residents' | 'expected'> {
    const { self, control, tasks } = this.#deps
    const { state } = control
    const areAllKnown = tasks.areAllKnown()
    const running = new Map(
      tasks.all().flatMap(({ placement, status }) => (status.state === 'ended' ? [] : [[placement, status] as const])),
    )
    const residents: Endpoint[] = []
    const expected: WorkMarks[] = []
    for (const id of state.residents.get(self) ?? []) {
      const workload = state.workloads.get(id)
      if (workload?.placement?.node !== self) continue
      const status = running.get(workload.placement.id)
      running.delete(workload.placement.id)
      const own = status?.state === 'running' ? status.overlayAddress : undefined
      const address = status === undefined && !areAllKnown ? workload.overlayAddress : own
      const endpoint = endpointOf(state, workload, address)
      if (endpoint !== null) residents.push(endpoint)
      // One that runs and has no address is taken for one that will.
      else if (workload.placement.executor === 'docker' && joinsOverlay(workload.spec))
        expected.push(marksOf(state, workload))
    }
    // What else runs here is work that the mesh has given up, or does not know.
    const isStrange = running.values().some((status) => 'overlayAddress' in status)
    return { residents, expected: areAllKnown && !isStrange ? expected : null }
  }

  async #withdraw(signal: AbortSignal): Promise<void> {
    const { filter } = this.#deps
    // Nobody has told this daemon yet that there is none.
    if (!this.#mayHaveRules || !this.#isFresh) return
    if ((await filter.obstacle()) === null) await filter.remove(signal)
    this.#mayHaveRules = false
  }

  /** Once is enough: from then on the state only grows. */
  #freshen(): void {
    const now = this.#deps.clock.elapsed()
    if (this.#isFresh || this.#freshening !== null || now < this.#freshAfter) return
    this.#freshAfter = now + every
    this.#freshening = this.#becomeFresh().finally(() => {
      this.#freshening = null
      // Else it is tried again with the next look, which is due anyway: some refuse at once, such as leaders of another version.
      if (this.#isFresh) this.#loop.wake()
    })
  }

  async #becomeFresh(): Promise<void> {
    const { clock, control, log } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(freshPatience, () =>
      late.abort(new ClawError('DEADLINE_EXCEEDED', { what: 'a fresh state', ms: freshPatience })),
    )
    try {
      await control.fresh('linearizable', AbortSignal.any([late.signal, this.#stopped.signal]))
      this.#isFresh = true
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      log.debug('the state is not known to be fresh yet', { problem: error.message })
    } finally {
      cancel()
    }
  }

  #tell(words: readonly string[]): void {
    const problems = words.map((one) => `${networkPolicyProblem}${one}`)
    if (isSameJson(problems, this.#problems)) return
    this.#problems = problems
    for (const listener of this.#listeners) listener()
  }
}

/** Null for what has none, or runs no more. */
const addressOf = (status: TaskState): number | null =>
  'overlayAddress' in status ? parseIpv4(status.overlayAddress ?? '') : null
