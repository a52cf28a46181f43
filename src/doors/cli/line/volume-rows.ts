/** The commands on volumes, as rows of the registry. */
import type { Row } from './row.ts'

export const volumeRows: readonly Row[] = [
  {
    path: 'volume create',
    about: 'Make a volume, which work mounts by its name.',
    load: () => import('../commands/volume/create.ts'),
  },
  { path: 'volume list', about: 'List the volumes.', load: () => import('../commands/volume/list.ts') },
  {
    path: 'volume info',
    about: 'Show one volume: where its data is, who uses it, and its snapshots.',
    load: () => import('../commands/volume/info.ts'),
  },
  {
    path: 'volume snapshot',
    about: 'Copy what is in a volume.',
    load: () => import('../commands/volume/snapshot.ts'),
  },
  {
    path: 'volume restore',
    about: 'Put a snapshot back into its volume.',
    load: () => import('../commands/volume/restore.ts'),
  },
  {
    path: 'volume push',
    about: 'Put what work has changed in a volume of S3 into its store.',
    load: () => import('../commands/volume/push.ts'),
  },
  {
    path: 'volume forget',
    about: 'Remove one snapshot of a volume.',
    load: () => import('../commands/volume/forget.ts'),
  },
  {
    path: 'volume delete',
    about: 'Take a volume away that nothing uses.',
    load: () => import('../commands/volume/delete.ts'),
  },
]
