/** The commands on the record of what was done, as rows of the registry. */
import type { Row } from './row.ts'

export const auditRows: readonly Row[] = [
  {
    path: 'audit query',
    about: 'Find who did what, and who was turned away.',
    load: () => import('../commands/audit/query.ts'),
  },
  {
    path: 'audit tail',
    about: 'Show the last entries of the audit log, and those that are added.',
    load: () => import('../commands/audit/tail.ts'),
  },
  {
    path: 'audit verify',
    about: 'Check that nothing in the audit log was changed, taken out, moved or cut off.',
    load: () => import('../commands/audit/verify.ts'),
  },
  {
    path: 'audit export',
    about: 'Write audit logs to a file that can be checked anywhere.',
    load: () => import('../commands/audit/export.ts'),
  },
]
