/** How every backup of the state is made. */
import { backupSlices } from '../../core/state/backup.ts'
import type { State } from '../../core/state/state.ts'
import { inTurns } from '../../lib/slices.ts'
import type { Clock } from '../../ports/clock.ts'
import { pauseOf } from '../consensus/pause.ts'

interface Maker {
  readonly clock: Clock
  /** Version of the program that makes it. */
  readonly software: string
}

/** The state as it is now, as a file; made in slices, so that nobody has to wait for it. Throws NO_LEADER before the mesh is founded, and the signal's reason. */
export const takeBackup = (state: State, { clock, software }: Maker, signal: AbortSignal): Promise<Uint8Array> =>
  inTurns(backupSlices(state, { at: clock.now(), software }), pauseOf(clock, signal))
