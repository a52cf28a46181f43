/** Moves work away from where it may not be any more, and gives up what silent nodes had claimed, so that it can be placed again. */
import { departuresNow } from '../../core/gateway/evictions.ts'
import type { Silence } from '../../core/gateway/lease.ts'
import { lossesNow, trackSilence } from '../../core/gateway/lease.ts'
import type { Command } from '../../core/state/types.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'
import { wakeOnChanges } from './wake.ts'

export interface UpkeepDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly membership: Pick<Membership, 'view' | 'onChange'>
  readonly commands: LeaderCommands
}

export interface UpkeepSettings {
  /** How much may leave one node at a time. */
  readonly mostOfANode: number
}

export class Upkeep implements Duty {
  readonly name = 'upkeep'
  readonly #deps: UpkeepDeps
  readonly #settings: UpkeepSettings
  readonly #loop: Loop
  #silence: Silence = new Map()

  constructor(deps: UpkeepDeps, settings: UpkeepSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#loop = new Loop(deps, { every: 1_000, pause: 10 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#silence = new Map()
    this.#loop.start(() => wakeOnChanges(this.#loop, this.#deps))
  }

  async end(): Promise<void> {
    await this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, control, membership, log } = this.#deps
    const { state } = control
    const now = clock.elapsed()
    this.#silence = trackSilence(this.#silence, state.members.keys(), (node) => membership.view(node).liveness, now)

    const losses = lossesNow(state, this.#silence, now)
    for (const loss of losses) log.warn('giving up what a silent node had claimed', { ...loss })
    await this.#commit(
      'claw_gateway_losses_total',
      losses.map((loss) => ({ type: 'lose', ...loss })),
      signal,
    )

    const departures = departuresNow(state, this.#settings.mostOfANode, clock.now())
    for (const departure of departures) log.info('moving a workload away', { ...departure })
    const evictions = departures.map(
      (departure) => ({ type: 'evict', ...departure, target: null, avoid: false }) as const,
    )
    await this.#commit('claw_gateway_evictions_total', evictions, signal)
  }

  async #commit(metric: string, decided: readonly Command[], signal: AbortSignal): Promise<void> {
    if (decided.length === 0) return
    const { commands, metrics } = this.#deps
    const done = await Promise.all(decided.map((command) => commands.tryOne(command, signal)))
    metrics.count(metric, {}, done.filter(Boolean).length)
  }
}
