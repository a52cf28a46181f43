/** Records who was lost and who came back, and forgets work that ended long ago. */
import type { PruneSettings } from '../../core/gateway/chores.ts'
import { livenessToRecord, workloadsToPrune } from '../../core/gateway/chores.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

export interface RecordKeepingDeps {
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly membership: Pick<Membership, 'view' | 'onChange'>
  readonly commands: LeaderCommands
}

export class LivenessRecorder implements Duty {
  readonly name = 'liveness-recorder'
  readonly #deps: RecordKeepingDeps
  readonly #loop: Loop

  constructor(deps: RecordKeepingDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 10_000, pause: 100 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#loop.start(() => this.#deps.membership.onChange(() => this.#loop.wake()))
  }

  async end(): Promise<void> {
    await this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { control, membership, commands } = this.#deps
    const news = livenessToRecord(control.state, (node) => membership.view(node).liveness)
    await Promise.all(news.map((each) => commands.tryOne({ type: 'record-liveness', ...each }, signal)))
  }
}

export interface PruningSettings extends PruneSettings {
  readonly every: Millis
}

export class Pruning implements Duty {
  readonly name = 'pruning'
  readonly #loop: Loop

  constructor(deps: Omit<RecordKeepingDeps, 'membership'>, settings: PruningSettings) {
    const { clock, control, commands } = deps
    this.#loop = new Loop(deps, { every: settings.every, pause: settings.every }, async (signal) => {
      const workloads = workloadsToPrune(control.state, clock.now(), settings)
      if (workloads.length > 0) await commands.tryOne({ type: 'prune', workloads }, signal)
    })
  }

  begin(): void {
    this.#loop.start()
  }

  end(): Promise<void> {
    return this.#loop.stop()
  }
}
