/** The commands on who may reach whom, as rows of the registry. */
import type { Row } from './row.ts'

export const networkPolicyRows: readonly Row[] = [
  {
    path: 'network policy create',
    about: 'Say who may reach work of a namespace, or whom it may reach.',
    load: () => import('../commands/network/policy/create.ts'),
  },
  {
    path: 'network policy list',
    about: 'List the network policies of a namespace.',
    load: () => import('../commands/network/policy/list.ts'),
  },
  {
    path: 'network policy info',
    about: 'Show one network policy: what it is for, what it lets through, and where it is not kept.',
    load: () => import('../commands/network/policy/info.ts'),
  },
  {
    path: 'network policy update',
    about: 'Change a network policy.',
    load: () => import('../commands/network/policy/update.ts'),
  },
  {
    path: 'network policy delete',
    about: 'Take a network policy away.',
    load: () => import('../commands/network/policy/delete.ts'),
  },
  {
    path: 'network policy check',
    about: 'Say whether one may open connections to another, and which policies say so.',
    load: () => import('../commands/network/policy/check.ts'),
  },
]
