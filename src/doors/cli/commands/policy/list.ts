import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { rulesInWords } from '../../work/policy-rules.ts'

const columns: readonly Column<OutputOf<'policy.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Mode', cell: ({ mode }) => mode },
  { head: 'For', cell: ({ namespaces }) => namespaces?.join(', ') ?? 'the whole mesh' },
  { head: 'Rules', cell: ({ rules }) => rulesInWords(rules) },
  { head: 'By', cell: ({ createdBy }) => createdBy, wide: true },
  { head: 'About', cell: ({ about }) => about, wide: true },
]

export default listCommand({
  name: 'policy list',
  about: 'List the policies: what work may be, and where.',
  positionals: {},
  options: {},
  examples: ['policy list', 'policy list --filter mode=enforce', 'policy list --json'],
  columns,
  key: ({ name }) => name,
  rows: async (_, { api, signal }) => (await api()).call('policy.list', {}, signal),
})
