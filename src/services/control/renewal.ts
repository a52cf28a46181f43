/** Backups of the state, and the new eras that begin with one or with what a survivor holds. See docs/decisions/0012. */
import type { Backup } from '../../core/state/backup.ts'
import { recovered, restored } from '../../core/state/renewal.ts'
import { snapshotInSlices } from '../../core/state/snapshot.ts'
import { laggardsInWords } from '../../core/state/versions.ts'
import type { Slices } from '../../lib/slices.ts'
import { ClawError } from '../../model/failure.ts'
import type { State } from '../../core/state/state.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { Consensus } from '../consensus/types.ts'
import { takeBackup } from './take-backup.ts'

export interface RenewalDeps {
  readonly self: NodeId
  readonly software: string
  readonly clock: Clock
  readonly random: Random
  readonly consensus: Pick<Consensus, 'status' | 'beginEra'>
  readonly state: State
}

export class Renewal {
  readonly #deps: RenewalDeps

  constructor(deps: RenewalDeps) {
    this.#deps = deps
  }

  /** What this peer has applied by now. Throws as `takeBackup`. */
  backup(signal: AbortSignal): Promise<Uint8Array> {
    return takeBackup(this.#deps.state, this.#deps, signal)
  }

  /** This peer alone goes on with all that it holds, committed or not. `lost` are the names of the voters that it gives up. */
  recover(lost: readonly string[], by: string): Promise<void> {
    const { self, state } = this.#deps
    return this.#begin([self], true, () => recovered(state, lost, this.#by(by)))
  }

  /**
   * The voters stay who they are, and a majority of them has to take the state before anything is decided on it. Throws UPGRADE_NEEDED
   * for what was saved in a later version than the mesh's.
   */
  async restore(backup: Backup, by: string): Promise<void> {
    const { state, consensus } = this.#deps
    const needs = backup.state.version
    if (needs > state.version)
      throw new ClawError('UPGRADE_NEEDED', {
        ...{ what: 'the backup', needs, has: state.version, nodes: laggardsInWords(state, needs) },
      })
    return this.#begin(consensus.status().voters, false, () => restored(state, backup.state, this.#by(by)))
  }

  #by(by: string): { readonly at: number; readonly by: string; readonly node: NodeId } {
    return { at: this.#deps.clock.now(), by, node: this.#deps.self }
  }

  #begin(voters: readonly NodeId[], withUncommitted: boolean, state: () => Slices<void, State>): Promise<void> {
    const { consensus, random } = this.#deps
    const leap = 1 + (random.bytes(1)[0] ?? 0)
    return consensus.beginEra({ leap, voters, withUncommitted, data: () => written(state()) })
  }
}

function* written(state: Slices<void, State>): Slices<void, Uint8Array> {
  return yield* snapshotInSlices(yield* state)
}
