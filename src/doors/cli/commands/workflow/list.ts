import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago, orDash } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'workflow.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Steps', cell: ({ progress }) => progress },
  { head: 'Tried', cell: ({ round }) => String(round) },
  { head: 'Namespace', cell: ({ namespace }) => namespace, wide: true },
  { head: 'Id', cell: ({ workflowId }) => workflowId, wide: true },
  { head: 'Created', cell: ({ createdAt }) => ago(createdAt), volatile: true },
  { head: 'Reason', cell: ({ reason }) => orDash(reason) },
]

export default listCommand({
  name: 'workflow list',
  about: 'List the workflows, newest first.',
  positionals: {},
  options: { namespace: { kind: 'text', value: 'NAME', about: 'Only those of this namespace' } },
  examples: ['workflow list', 'workflow list --filter state=running', 'workflow list -o json'],
  columns,
  key: ({ workflowId }) => workflowId,
  rows: async ({ namespace }, { api, signal }) => (await api()).call('workflow.list', { namespace }, signal),
})
