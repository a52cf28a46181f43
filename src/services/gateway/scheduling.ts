/** Places pending work, and takes back what was placed on a node that does not claim it. */
import { placementsToWithdraw } from '../../core/gateway/chores.ts'
import { plan } from '../../core/scheduler/plan.ts'
import { snapshotOf } from '../../core/scheduler/snapshot.ts'
import type { PlaceDecision, SchedulerSettings } from '../../core/scheduler/types.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'
import { observer } from './observe.ts'

export interface SchedulingDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly membership: Pick<Membership, 'view' | 'onChange'>
  readonly commands: LeaderCommands
}

export interface SchedulingSettings extends SchedulerSettings {
  /** How long a node has to claim what was placed on it. */
  readonly claimWithin: Millis
}

/** A run waits for all of its commands, so no workload is ever in two plans at once. */
export class Scheduling implements Duty {
  readonly name = 'scheduling'
  readonly #deps: SchedulingDeps
  readonly #settings: SchedulingSettings
  readonly #loop: Loop
  #unsubscribe: readonly Unsubscribe[] = []

  constructor(deps: SchedulingDeps, settings: SchedulingSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#loop = new Loop(deps, { every: 1_000, pause: 5 }, (signal) => this.#run(signal))
  }

  begin(): void {
    const { control, membership } = this.#deps
    this.#unsubscribe = [
      control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'workload' || type === 'member')) this.#loop.wake()
      }),
      membership.onChange(() => this.#loop.wake()),
    ]
    this.#loop.start()
  }

  async end(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#unsubscribe = []
    await this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, control, membership, commands, metrics } = this.#deps
    const observe = observer(membership)
    const at = clock.now()
    const withdrawals = placementsToWithdraw(control.state, (node) => observe(node).liveness, {
      at,
      claimWithin: this.#settings.claimWithin,
    })
    await Promise.all(withdrawals.map((each) => commands.tryOne({ type: 'withdraw', ...each }, signal)))

    metrics.gauge('claw_scheduler_pending_workloads', control.state.pending.size)
    if (control.state.pending.size === 0) return
    const started = clock.elapsed()
    const decisions = plan(snapshotOf(control.state, observe, at), this.#settings)
    metrics.observe('claw_scheduler_plan_ms', clock.elapsed() - started)
    const placements = decisions.filter((decision): decision is PlaceDecision => decision.decision === 'place')
    const placed = await Promise.all(placements.map((decision) => this.#place(decision, signal)))
    metrics.count('claw_scheduler_placements_total', {}, placed.filter(Boolean).length)
  }

  #place({ workload, attempt, node, devices, executor }: PlaceDecision, signal: AbortSignal): Promise<boolean> {
    const { commands, log } = this.#deps
    log.info('placing a workload', { workload, attempt, node, devices })
    return commands.tryOne({ type: 'place', workload, attempt, node, devices, executor }, signal)
  }
}
