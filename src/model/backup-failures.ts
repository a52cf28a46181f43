/** What can go wrong with backups. */
import { failure } from './failure-row.ts'

export const backupFailures = {
  BACKUP_NOT_FOUND: failure(
    'not-found',
    ({ backup }: { backup: string }) => `There is no backup ${backup}.`,
    'List them with `clawbernetes backup list`.',
  ),
  BACKUP_UNUSABLE: failure(
    'conflict',
    ({ backup, state }: { backup: string; state: string }) => `The backup ${backup} is ${state}.`,
    'See `clawbernetes backup info`.',
  ),
  BACKUP_FAILED: failure(
    'unavailable',
    ({ backup, reason }: { backup: string; reason: string }) => `The backup ${backup} was not made: ${reason}`,
    'Remove the cause and make another one.',
  ),
  BACKUP_DAMAGED: failure(
    'conflict',
    ({ backup, file, detail }: { backup: string; file: string; detail: string }) =>
      `The backup ${backup} is damaged: ${file} ${detail}.`,
    'Use another one, and look at what it is stored on.',
  ),
  BACKUP_TARGET: failure(
    'unavailable',
    ({ target, detail }: { target: string; detail: string }) => `Backups cannot be kept at ${target}: ${detail}.`,
    'Look at the place that the backup names: whether it is there, and lets the node read and write.',
  ),
  BACKUP_SCHEDULE_NOT_FOUND: failure(
    'not-found',
    ({ schedule }: { schedule: string }) => `No backups are made by a schedule ${schedule}.`,
    'List them with `clawbernetes backup schedule list`.',
  ),
  BACKUP_SCHEDULE_EXISTS: failure(
    'conflict',
    ({ schedule }: { schedule: string }) => `Backups are made by a schedule ${schedule} already.`,
    'Choose another name, or delete that one.',
  ),
}
