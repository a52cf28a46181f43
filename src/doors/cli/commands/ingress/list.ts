import type { OutputOf } from '../../../../operations/registry.ts'
import { labelsInWords } from '../../show/columns.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

const columns: readonly Column<OutputOf<'ingress.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Host', cell: ({ host }) => host },
  { head: 'Path', cell: ({ path, strip }) => `${path}${strip ? ' (stripped)' : ''}` },
  { head: 'To', cell: ({ deployment, isServed }) => `${deployment}${isServed ? '' : ' (not there)'}` },
  { head: 'Nodes', cell: ({ nodes }) => labelsInWords(nodes) || 'all' },
  { head: 'Changed', cell: ({ updatedAt }) => updatedAt, wide: true },
]

export default listCommand({
  name: 'ingress list',
  about: 'List the ingresses of a namespace.',
  positionals: {},
  options: namespaceOption,
  examples: ['ingress list', 'ingress list -n team-a --json'],
  columns,
  key: ({ name }) => name,
  rows: async (args, session) =>
    (await session.api()).call('ingress.list', { namespace: namespaceOf(args, session) }, session.signal),
})
