import type { OutputOf } from '../../../../../operations/registry.ts'
import { listCommand } from '../../../show/list-command.ts'
import type { Column } from '../../../show/table.ts'
import { egressInWords, ingressInWords, selectInWords } from '../../../work/network-policy-options.ts'
import { namespaceOf, namespaceOption } from '../../../work/secret-options.ts'

const columns: readonly Column<OutputOf<'networkpolicy.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'For', cell: ({ select, selected }) => `${selectInWords(select)} (${selected})` },
  { head: 'Lets in', cell: ingressInWords },
  { head: 'Lets out', cell: egressInWords },
  { head: 'Not kept', cell: ({ unenforced }) => (unenforced.length === 0 ? '' : `${unenforced.length}: see info`) },
  { head: 'Changed', cell: ({ updatedAt }) => updatedAt, wide: true },
]

export default listCommand({
  name: 'network policy list',
  about: 'List the network policies of a namespace.',
  positionals: {},
  options: namespaceOption,
  examples: ['network policy list', 'network policy list -n team-a --json'],
  columns,
  key: ({ name }) => name,
  rows: async (args, session) =>
    (await session.api()).call('networkpolicy.list', { namespace: namespaceOf(args, session) }, session.signal),
})
