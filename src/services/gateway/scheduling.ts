/** Places pending work, makes room for what fits nowhere, and takes back what was placed on a node that does not claim it. */
import { placementsToWithdraw } from '../../core/gateway/chores.ts'
import { readinessOf } from '../../core/queue/dependencies.ts'
import type { Reservations } from '../../core/queue/reservation.ts'
import type { ReserveSettings } from '../../core/queue/reserve.ts'
import { provide } from '../../core/queue/reserve.ts'
import { residentsOf } from '../../core/queue/resident.ts'
import { plan } from '../../core/scheduler/plan.ts'
import { NodeViews } from '../../core/scheduler/node-views.ts'
import { snapshotOf } from '../../core/scheduler/snapshot.ts'
import { Stock } from '../../core/scheduler/stock.ts'
import { isWaitNews } from '../../core/state/decisions.ts'
import { waitingWith } from '../../core/state/groups.ts'
import type { Decision, SchedulerSettings, Snapshot, WaitDecision } from '../../core/scheduler/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'
import { wakeOnChanges } from './wake.ts'
import { observer } from './observe.ts'

export interface SchedulingDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly membership: Pick<Membership, 'view' | 'onChange'>
  readonly commands: LeaderCommands
}

export interface SchedulingSettings extends SchedulerSettings, ReserveSettings {
  /** How long a node has to claim what was placed on it. */
  readonly claimWithin: Millis
  /** How often room is made for work that fits nowhere. */
  readonly provideEvery: Millis
}

type Placing = Exclude<Decision, WaitDecision>

const mostNotes = 8

/** A run waits for all of its commands, so no workload is ever in two plans at once. */
export class Scheduling implements Duty {
  readonly name = 'scheduling'
  readonly #deps: SchedulingDeps
  readonly #settings: SchedulingSettings
  readonly #loop: Loop
  /** Nodes that are kept for work which has waited; a new leader finds out anew. */
  #reservations: Reservations = new Map()
  /** Kept so that a plan looks only at what has changed. */
  #views = new NodeViews()
  #stock = new Stock()
  #providedAt: Millis = -Infinity

  constructor(deps: SchedulingDeps, settings: SchedulingSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#loop = new Loop(deps, { every: 1_000, pause: 5 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#forget()
    this.#providedAt = -Infinity
    this.#loop.start(() => wakeOnChanges(this.#loop, this.#deps))
  }

  async end(): Promise<void> {
    await this.#loop.stop()
    this.#forget()
  }

  #forget(): void {
    this.#reservations = new Map()
    this.#views = new NodeViews()
    this.#stock = new Stock()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, control, membership, commands, metrics } = this.#deps
    const observe = observer(membership)
    const at = clock.now()
    const withdrawals = placementsToWithdraw(control.state, (node) => observe(node).liveness, {
      at,
      claimWithin: this.#settings.claimWithin,
    })
    await Promise.all(withdrawals.map((each) => commands.tryOne({ type: 'withdraw', ...each }, signal)))

    metrics.gauge('claw_scheduler_pending_workloads', control.state.pending.size)
    if (control.state.pending.size === 0) {
      this.#reservations = new Map()
      return
    }
    const started = clock.elapsed()
    const kept = { views: this.#views, reservations: this.#reservations }
    const snapshot = snapshotOf(control.state, observe, at, kept)
    const decisions = plan(snapshot, this.#settings, this.#stock)
    metrics.observe('claw_scheduler_plan_ms', clock.elapsed() - started)
    const placements = decisions.filter((decision) => decision.decision !== 'wait')
    if (placements.length > 0) log.info('placing workloads', countsOf(placements))
    const placed = await Promise.all(placements.map((decision) => this.#place(decision, signal)))
    metrics.count('claw_scheduler_placements_total', {}, placed.filter(Boolean).length)
    await this.#provide(decisions, snapshot.nodes, signal)
  }

  /** For what fits nowhere. Looks at every node for every such workload, so not as often as the rest. */
  async #provide(decisions: readonly Decision[], nodes: Snapshot['nodes'], signal: AbortSignal): Promise<void> {
    const { clock, control, commands, log, metrics } = this.#deps
    const { state } = control
    if (clock.elapsed() - this.#providedAt < this.#settings.provideEvery) return
    this.#providedAt = clock.elapsed()
    const waiting = decisions.flatMap((decision) => (decision.decision === 'wait' ? [decision] : []))
    const still = (some: readonly WaitDecision[]): readonly Workload[] =>
      some.flatMap(({ workload }) => state.workloads.get(workload) ?? []).filter(({ state: now }) => now === 'pending')
    await this.#note(waiting, signal)
    const hopeless = still(waiting).filter((workload) => readinessOf(workload, state).state === 'hopeless')
    await Promise.all(hopeless.map(({ id }) => commands.tryOne({ type: 'give-up', workload: id }, signal)))

    const asks = still(waiting.filter(({ lacks }) => lacks === 'room')).map((lead) => ({
      ...{ lead, parts: waitingWith(state, lead) },
    }))
    const field = { nodes, residentsOf: (node: NodeId) => residentsOf(state, node), at: clock.now() }
    const { reservations, evictions } = provide(asks, field, this.#settings)
    this.#reservations = reservations
    metrics.gauge('claw_scheduler_reservations', reservations.size)
    for (const eviction of evictions) log.info('making room for a workload', { ...eviction })
    await Promise.all(
      evictions.map((eviction) =>
        commands.tryOne({ type: 'evict', ...eviction, grace: null, target: null, avoid: false }, signal),
      ),
    )
  }

  /** Keeps with the work why it waits; of few at a time, for each is a command. */
  async #note(waiting: readonly WaitDecision[], signal: AbortSignal): Promise<void> {
    const { clock, control, commands } = this.#deps
    const at = clock.now()
    const news = waiting.filter(({ workload: id, reason }) => {
      const workload = control.state.workloads.get(id)
      return workload?.state === 'pending' && isWaitNews(control.state, workload, { reason, at })
    })
    await Promise.all(
      news
        .slice(0, mostNotes)
        .map(({ workload, reason }) => commands.tryOne({ type: 'note-wait', workload, reason }, signal)),
    )
  }

  #place(decision: Placing, signal: AbortSignal): Promise<boolean> {
    const { commands, log } = this.#deps
    if (decision.decision === 'place-gang') {
      const { group, attempt, places, because } = decision
      log.debug('placing a gang', { group, attempt, nodes: places.map(({ node }) => node) })
      return commands.tryOne({ type: 'place-gang', group, attempt, places, because }, signal)
    }
    const { workload, attempt, node, devices, executor, because } = decision
    log.debug('placing a workload', { workload, attempt, node, devices })
    return commands.tryOne({ type: 'place', workload, attempt, node, devices, executor, because }, signal)
  }
}

/** What the log says of a plan; of each placement, where it went and why, the events tell. */
function countsOf(placements: readonly Placing[]): { readonly workloads: number; readonly nodes: number } {
  const nodes = placements.flatMap((each) =>
    each.decision === 'place' ? [each.node] : each.places.map(({ node }) => node),
  )
  return { workloads: nodes.length, nodes: new Set(nodes).size }
}
