/** The commands on files of work to run, as rows of the registry. */
import type { Row } from './row.ts'

export const specRows: readonly Row[] = [
  {
    path: 'deploy',
    about: 'Bring deployments to what a file says: make those that are not there, change the others.',
    load: () => import('../commands/deploy.ts'),
  },
  {
    path: 'validate',
    about: 'Check files of work to run, without a mesh.',
    load: () => import('../commands/validate.ts'),
  },
  {
    path: 'diff',
    about: 'Say what a file would change of what runs, field by field.',
    load: () => import('../commands/diff.ts'),
  },
  {
    path: 'explain',
    about: 'Say what a file of work to run may hold, and what each field means.',
    load: () => import('../commands/explain.ts'),
  },
  {
    path: 'schema',
    about: 'Print the JSON Schema of a file of work to run, for editors.',
    load: () => import('../commands/schema.ts'),
  },
]
