import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'

type Voter = OutputOf<'gateway.voters'>[number]

const columns: readonly Column<Voter>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Role', cell: ({ role }) => role },
  { head: 'Lag', cell: ({ lag }) => orDash(lag) },
  { head: 'Silent for', cell: ({ silentForMs }) => (silentForMs === null ? '—' : `${silentForMs} ms`) },
  { head: 'Id', cell: ({ id }) => id },
]

export default listCommand({
  name: 'gateway voters',
  about: 'List the nodes that vote, as the leader sees them.',
  details: 'A voter that is `mute` has lost its log: it holds no copy that counts, and has no say.',
  positionals: {},
  options: {},
  examples: ['gateway voters', 'gateway voters --json'],
  columns,
  key: ({ id }) => id,
  rows: async (_, { api, signal }) => (await api()).call('gateway.voters', {}, signal),
})
