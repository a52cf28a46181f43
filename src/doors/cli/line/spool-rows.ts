/** The commands on what a peer keeps while there is no leader, as rows of the registry. */
import type { Row } from './row.ts'

export const spoolRows: readonly Row[] = [
  {
    path: 'spool list',
    about: 'List the submissions that a peer keeps until the mesh has a leader.',
    load: () => import('../commands/spool/list.ts'),
  },
  {
    path: 'spool drop',
    about: 'Give up a submission that a peer keeps.',
    load: () => import('../commands/spool/drop.ts'),
  },
]
