/** Raises the version of the mesh's state as soon as every member applies the next one. */
import { versionToRaise } from '../../core/state/versions.ts'
import type { VersionRange } from '../../model/version.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Control } from '../control/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

export interface RaisingDeps {
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly commands: LeaderCommands
  /** What this build applies. */
  readonly applies: VersionRange
}

export class Raising implements Duty {
  readonly name = 'raising'
  readonly #deps: RaisingDeps
  readonly #loop: Loop

  constructor(deps: RaisingDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 10_000, pause: 100 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#loop.start(() =>
      this.#deps.control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'member')) this.#loop.wake()
      }),
    )
  }

  async end(): Promise<void> {
    await this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { control, commands, applies, log } = this.#deps
    const version = versionToRaise(control.state, applies)
    if (version === null) return
    log.info('every member has been upgraded: raising the version of the state', { version })
    await commands.tryOne({ type: 'raise-version', version }, signal)
  }
}
