import type { OutputOf } from '../../../../../operations/registry.ts'
import { rulesInWords } from '../../../show/access.ts'
import { listCommand } from '../../../show/list-command.ts'
import type { Column } from '../../../show/table.ts'
import { ago, orDash } from '../../../show/words.ts'

const columns: readonly Column<OutputOf<'apikey.list'>[number]>[] = [
  { head: 'Id', cell: ({ id }) => id },
  { head: 'Name', cell: ({ name }) => orDash(name) },
  { head: 'User', cell: ({ user }) => orDash(user) },
  { head: 'Namespace', cell: ({ namespace }) => orDash(namespace) },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Expires', cell: ({ expiresAt }) => expiresAt },
  { head: 'Last used', cell: ({ lastUsedAt }) => ago(lastUsedAt), volatile: true },
  { head: 'Scopes', cell: ({ scopes }) => rulesInWords(scopes), wide: true },
]

export default listCommand({
  name: 'auth apikey list',
  about: 'List API keys: yours, or all of them if you may look at users.',
  positionals: {},
  options: { user: { kind: 'text', value: 'NAME', about: 'Only those of this user' } },
  examples: ['auth apikey list', 'auth apikey list --filter state=valid', 'auth apikey list --user ada --json'],
  columns,
  key: ({ id }) => id,
  rows: async ({ user }, { api, signal }) => (await api()).call('apikey.list', { user }, signal),
})
