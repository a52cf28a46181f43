import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import { policyInWords, rotationInWords } from '../../show/secret-words.ts'
import type { Column } from '../../show/table.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

const columns: readonly Column<OutputOf<'secret.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Version', cell: ({ version }) => String(version) },
  { head: 'Given to', cell: ({ users }) => String(users.length) },
  { head: 'Old', cell: ({ users }) => String(users.filter(({ isOld }) => isOld).length) },
  { head: 'Rotation', cell: (secret) => rotationInWords(secret) },
  { head: 'Policy', cell: (secret) => policyInWords(secret), wide: true },
  { head: 'Rotated', cell: ({ rotatedAt }) => rotatedAt, wide: true },
]

export default listCommand({
  name: 'secret list',
  about: 'List the secrets of a namespace.',
  positionals: {},
  options: { ...namespaceOption, prefix: { kind: 'text', value: 'TEXT', about: 'Only names that begin like this' } },
  examples: ['secret list', 'secret list --prefix db- --json'],
  columns,
  key: ({ name }) => name,
  rows: async ({ prefix, ...args }, session) =>
    (await session.api()).call('secret.list', { prefix, namespace: namespaceOf(args, session) }, session.signal),
})
