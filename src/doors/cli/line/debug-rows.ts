/** The commands on trouble with the product itself, as rows of the registry. */
import type { Row } from './row.ts'

export const debugRows: readonly Row[] = [
  {
    path: 'debug bundle',
    about: 'Write what a bug report needs to one file, without secrets.',
    load: () => import('../commands/debug/bundle.ts'),
  },
]
