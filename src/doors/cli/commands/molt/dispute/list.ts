import type { OutputOf } from '../../../../../operations/registry.ts'
import { listCommand } from '../../../show/list-command.ts'
import type { Column } from '../../../show/table.ts'
import { ago } from '../../../show/words.ts'

const columns: readonly Column<OutputOf<'moltdispute.list'>[number]>[] = [
  { head: 'Agreement', cell: ({ agreement }) => agreement.slice(0, 12) },
  { head: 'State', cell: ({ state, how }) => (how === null ? state : `${state}, ${how}`) },
  { head: 'As', cell: ({ as }) => as },
  { head: 'Set aside', cell: ({ hold }) => hold.inWords },
  { head: 'Paid', cell: ({ paid }) => paid?.inWords ?? '—' },
  { head: 'Until', cell: ({ judgedUntil }) => judgedUntil },
  { head: 'Opened', cell: ({ at }) => ago(at) },
  { head: 'Reason', cell: ({ reason }) => reason },
]

export default listCommand({
  name: 'molt dispute list',
  about: 'List the disputes that concern a node, as a party or as an arbiter.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt dispute list', 'molt dispute list --json', 'molt dispute list --filter as=arbiter'],
  columns,
  key: ({ agreement }) => agreement,
  rows: async ({ node }, { api, signal }) => (await api()).call('moltdispute.list', { node }, signal),
})
