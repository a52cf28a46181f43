import type { OutputOf } from '../../../../../operations/registry.ts'
import { rulesInWords } from '../../../show/access.ts'
import { listCommand } from '../../../show/list-command.ts'
import type { Column } from '../../../show/table.ts'

const columns: readonly Column<OutputOf<'role.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Users', cell: ({ users }) => String(users) },
  { head: 'About', cell: ({ about }) => about },
  { head: 'Rules', cell: ({ rules }) => rulesInWords(rules), wide: true },
]

export default listCommand({
  name: 'auth role list',
  about: 'List the roles.',
  positionals: {},
  options: {},
  examples: ['auth role list', 'auth role list -o wide', 'auth role list --json'],
  columns,
  key: ({ name }) => name,
  rows: async (_, { api, signal }) => (await api()).call('role.list', {}, signal),
})
