/** The commands on what is exposed, as rows of the registry. */
import type { Row } from './row.ts'

export const ingressRows: readonly Row[] = [
  {
    path: 'ingress create',
    about: 'Let requests from outside reach a deployment.',
    load: () => import('../commands/ingress/create.ts'),
  },
  {
    path: 'ingress list',
    about: 'List the ingresses of a namespace.',
    load: () => import('../commands/ingress/list.ts'),
  },
  { path: 'ingress info', about: 'Show one ingress.', load: () => import('../commands/ingress/info.ts') },
  { path: 'ingress update', about: 'Change an ingress.', load: () => import('../commands/ingress/update.ts') },
  {
    path: 'ingress delete',
    about: 'Let those requests reach the deployment no more.',
    load: () => import('../commands/ingress/delete.ts'),
  },
]
