/** The commands on backups, as rows of the registry. */
import type { Row } from './row.ts'

export const backupRows: readonly Row[] = [
  {
    path: 'backup create',
    about: 'Copy volumes, or the state of the mesh, away from where they are.',
    load: () => import('../commands/backup/create.ts'),
  },
  {
    path: 'backup import',
    about: 'Take in a backup of volumes that is there already, such as one of a mesh that was lost.',
    load: () => import('../commands/backup/import.ts'),
  },
  { path: 'backup list', about: 'List the backups, newest first.', load: () => import('../commands/backup/list.ts') },
  {
    path: 'backup info',
    about: 'Show one backup: what is in it, and the checksum of each of its files.',
    aliases: ['backup inspect'],
    load: () => import('../commands/backup/info.ts'),
  },
  {
    path: 'backup verify',
    about: 'Read every byte of a backup, and see that it is what was written, and can be opened.',
    load: () => import('../commands/backup/verify.ts'),
  },
  {
    path: 'backup restore',
    about: 'Put a volume back from a backup, all at once.',
    load: () => import('../commands/backup/restore.ts'),
  },
  {
    path: 'backup fetch',
    about: 'Write what is in a backup to a file here.',
    load: () => import('../commands/backup/fetch.ts'),
  },
  {
    path: 'backup delete',
    about: 'Take a backup away, or give up making it.',
    load: () => import('../commands/backup/delete.ts'),
  },
  {
    path: 'backup schedule create',
    about: 'Have backups made by the clock, and some of them kept.',
    load: () => import('../commands/backup/schedule/create.ts'),
  },
  {
    path: 'backup schedule list',
    about: 'List the schedules of backups, with the next moment of each.',
    load: () => import('../commands/backup/schedule/list.ts'),
  },
  {
    path: 'backup schedule suspend',
    about: 'Have no more backups made by a schedule until it is resumed.',
    load: () => import('../commands/backup/schedule/suspend.ts'),
  },
  {
    path: 'backup schedule resume',
    about: 'Go on with a schedule of backups that was suspended.',
    load: () => import('../commands/backup/schedule/resume.ts'),
  },
  {
    path: 'backup schedule delete',
    about: 'Forget a schedule of backups; those that it has had made stay.',
    load: () => import('../commands/backup/schedule/delete.ts'),
  },
]
