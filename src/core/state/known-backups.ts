/** What the mesh knows already of a backup that is to be taken in. */
import type { Backup } from '../../model/backup.ts'
import type { Secret } from '../../model/secret.ts'
import { versionOf } from '../../model/secret.ts'
import type { State } from './state.ts'

/** One whose node is gone is known by what it was, and can be found where it is now; and so can one that could not be taken in before. */
export const mayBeFoundAgain = ({ members }: State, { scope, state, target, imported }: Backup): boolean =>
  scope === 'volumes' && state !== 'running' && (!members.has(target.node) || (imported === true && state === 'failed'))

/** What it is known to be encrypted with: what somebody only said it was counts once it was opened. */
export const knownKeyOf = ({ imported, state, key, writtenWith }: Backup): Backup['key'] =>
  imported === true && state !== 'complete' ? (writtenWith ?? null) : key

/** Of a secret that is named for one: what it was written with, where that is known and kept. */
export const versionFor = (secret: Secret, known: Backup['key']): number =>
  known?.secret === secret.name && versionOf(secret, known.version) !== undefined ? known.version : secret.current
