/** Rotates the secrets whose time has come, as far as the mesh can make their values, and says of the others that they are due. */
import { rotationsDue, wordOf } from '../../core/vault/rotation.ts'
import type { Secret } from '../../model/secret.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Control } from '../control/types.ts'
import type { LeaderCommands } from '../gateway/commands.ts'
import type { Duty } from '../gateway/duty.ts'
import { Loop } from '../gateway/loop.ts'
import type { VaultService } from './vault-service.ts'

export interface SecretRotationDeps {
  readonly clock: Clock
  readonly log: Log
  readonly random: Pick<Random, 'bytes'>
  readonly control: Pick<Control, 'state'>
  readonly commands: Pick<LeaderCommands, 'tryOne'>
  readonly vault: Pick<VaultService, 'seal'>
}

const every: Millis = 5 * second

export class SecretRotation implements Duty {
  readonly name = 'secret-rotation'
  readonly #deps: SecretRotationDeps
  readonly #loop: Loop

  constructor(deps: SecretRotationDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every, pause: every }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#loop.start()
  }

  async end(): Promise<void> {
    await this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { control, clock } = this.#deps
    for (const secret of rotationsDue(control.state.secrets.values(), clock.now())) await this.#rotate(secret, signal)
  }

  async #rotate(secret: Secret, signal: AbortSignal): Promise<void> {
    const { commands, random, vault } = this.#deps
    const { namespace, name, current, versions, rotation } = secret
    const length = rotation?.generate ?? null
    if (length === null) {
      await commands.tryOne({ type: 'note-due', namespace, name, version: current }, signal)
      return
    }
    const version = Math.max(...versions.map(({ number }) => number)) + 1
    const value = new TextEncoder().encode(wordOf(length, (count) => random.bytes(count)))
    const sealed = vault.seal({ namespace, of: { secret: name, version } }, value)
    await commands.tryOne({ type: 'set-secret', namespace, name, version, sealed, how: 'generated' }, signal)
  }
}
