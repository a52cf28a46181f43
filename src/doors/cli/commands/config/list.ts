import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

const columns: readonly Column<OutputOf<'config.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Keys', cell: ({ data }) => Object.keys(data).join(', ') },
  { head: 'Version', cell: ({ version }) => String(version) },
  { head: 'Immutable', cell: ({ immutable }) => (immutable ? 'yes' : 'no') },
  { head: 'Given to', cell: ({ users }) => String(users.length) },
  { head: 'Changed', cell: ({ updatedAt }) => updatedAt, wide: true },
]

export default listCommand({
  name: 'config list',
  about: 'List the config maps of a namespace.',
  positionals: {},
  options: { ...namespaceOption, prefix: { kind: 'text', value: 'TEXT', about: 'Only names that begin like this' } },
  examples: ['config list', 'config list --prefix app --json'],
  columns,
  key: ({ name }) => name,
  rows: async ({ prefix, ...args }, session) =>
    (await session.api()).call('config.list', { prefix, namespace: namespaceOf(args, session) }, session.signal),
})
