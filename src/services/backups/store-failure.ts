/** What a place for backups has failed with, also where it has no name for it. */
import type { Backup } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'

/** What failures call it. */
export const placeOf = ({ target }: Pick<Backup, 'target'>): string =>
  target.type === 'directory' ? target.path : `${target.endpoint}/${target.bucket}`

/** What the system says, with a code of its own, is the fault of the place; all else passes as it is. */
export function storeFailure(error: unknown, { target }: Pick<Backup, 'target'>): unknown {
  if (error instanceof ClawError || !(error instanceof Error) || !('code' in error)) return error
  return new ClawError(
    'BACKUP_TARGET',
    { target: placeOf({ target }), detail: error.message.slice(0, 500) },
    { cause: error },
  )
}
