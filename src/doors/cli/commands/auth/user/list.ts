import type { OutputOf } from '../../../../../operations/registry.ts'
import { bindingsInWords } from '../../../show/access.ts'
import { listCommand } from '../../../show/list-command.ts'
import type { Column } from '../../../show/table.ts'

const columns: readonly Column<OutputOf<'user.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Roles', cell: ({ roles }) => bindingsInWords(roles) },
  { head: 'State', cell: ({ disabled }) => (disabled ? 'disabled' : 'enabled') },
  { head: 'Keys', cell: ({ keys }) => String(keys.length) },
  { head: 'API keys', cell: ({ apikeys }) => String(apikeys.length) },
]

export default listCommand({
  name: 'auth user list',
  about: 'List the users, and operators without a user, who may do everything.',
  positionals: {},
  options: {},
  examples: ['auth user list', 'auth user list --filter disabled=true', 'auth user list --json'],
  columns,
  key: ({ name }) => name,
  rows: async (_, { api, signal }) => (await api()).call('user.list', {}, signal),
})
