import { backupSlices } from '../../src/core/state/backup.ts'
import { atOnce } from '../../src/lib/slices.ts'

/** A backup in one piece, for tests in which nobody waits; throws as `backupSlices`. */
export const encodeBackup = (...[state, taken]: Parameters<typeof backupSlices>): Uint8Array =>
  atOnce(backupSlices(state, taken))
