/** The commands on the MOLT network, as rows of the registry. */
import type { Row } from './row.ts'

export const moltRows: readonly Row[] = [
  {
    path: 'molt join',
    about: 'Have a node take part in the MOLT network: lend its GPUs, or only buy.',
    load: () => import('../commands/molt/join.ts'),
  },
  {
    path: 'molt leave',
    about: 'Have a node take part in the MOLT network no more.',
    load: () => import('../commands/molt/leave.ts'),
  },
  {
    path: 'molt status',
    about: 'Show how a node takes part in the MOLT network, and whom it reaches there.',
    load: () => import('../commands/molt/status.ts'),
  },
  {
    path: 'molt network create',
    about: 'Make a MOLT network whose witnesses are the voters of this mesh.',
    load: () => import('../commands/molt/network/create.ts'),
  },
  {
    path: 'molt network info',
    about: 'Show the MOLT network that the mesh takes part in.',
    load: () => import('../commands/molt/network/info.ts'),
  },
  {
    path: 'molt network export',
    about: 'Write a file with which another mesh can join the MOLT network.',
    load: () => import('../commands/molt/network/export.ts'),
  },
  {
    path: 'molt network join',
    about: 'Have the mesh take part in the MOLT network of another mesh.',
    load: () => import('../commands/molt/network/join.ts'),
  },
  {
    path: 'molt network leave',
    about: 'Have the mesh take part in no MOLT network any more.',
    load: () => import('../commands/molt/network/leave.ts'),
  },
]
