/** The commands on whose work it is, what it may be and what it costs, as rows of the registry. */
import type { Row } from './row.ts'

export const policyRows: readonly Row[] = [
  {
    path: 'namespace create',
    about: 'Make a namespace, with limits or without.',
    load: () => import('../commands/namespace/create.ts'),
  },
  {
    path: 'namespace set',
    about: 'Change limits of a namespace.',
    load: () => import('../commands/namespace/set.ts'),
  },
  {
    path: 'namespace list',
    about: 'List the namespaces: what they may take, and what they take.',
    load: () => import('../commands/namespace/list.ts'),
  },
  {
    path: 'namespace info',
    about: 'Show one namespace: what it may take, what it takes, and what it has had.',
    load: () => import('../commands/namespace/info.ts'),
  },
  {
    path: 'namespace usage',
    about: 'Show what namespaces took, and what it costs.',
    load: () => import('../commands/namespace/usage.ts'),
  },
  {
    path: 'namespace delete',
    about: 'Take a namespace away that has no work any more.',
    load: () => import('../commands/namespace/delete.ts'),
  },
  {
    path: 'policy create',
    about: 'Make a policy: what work may be, for some namespaces or the whole mesh.',
    load: () => import('../commands/policy/create.ts'),
  },
  { path: 'policy update', about: 'Change a policy.', load: () => import('../commands/policy/update.ts') },
  {
    path: 'policy list',
    about: 'List the policies: what work may be, and where.',
    load: () => import('../commands/policy/list.ts'),
  },
  {
    path: 'policy info',
    about: 'Show one policy: its rules, and for whose work they are.',
    load: () => import('../commands/policy/info.ts'),
  },
  {
    path: 'policy validate',
    about:
      'Say which work would break a policy, before it is made or as it is; or which policies a file of work would break.',
    load: () => import('../commands/policy/validate.ts'),
  },
  { path: 'price list', about: 'Show what an hour costs.', load: () => import('../commands/price/list.ts') },
  { path: 'price set', about: 'Set what an hour costs.', load: () => import('../commands/price/set.ts') },
  { path: 'policy delete', about: 'Take a policy away.', load: () => import('../commands/policy/delete.ts') },
]
