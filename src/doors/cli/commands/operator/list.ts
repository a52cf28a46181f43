import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'

const columns: readonly Column<OutputOf<'operator.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Key', cell: ({ key }) => key },
  { head: 'Added', cell: ({ addedAt }) => addedAt },
]

export default listCommand({
  name: 'operator list',
  about: 'List the operator keys.',
  positionals: {},
  options: {},
  examples: ['operator list', 'operator list --json'],
  columns,
  key: ({ key }) => key,
  rows: async (_, { api, signal }) => (await api()).call('operator.list', {}, signal),
})
