import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago, orDash } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'job.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Completions', cell: ({ completions }) => completions },
  { head: 'Running', cell: ({ active }) => String(active) },
  { head: 'Failed', cell: ({ failed }) => String(failed) },
  { head: 'Image', cell: ({ image }) => image },
  { head: 'Made by', cell: ({ origin }) => orDash(origin) },
  { head: 'Namespace', cell: ({ namespace }) => namespace, wide: true },
  { head: 'Id', cell: ({ jobId }) => jobId, wide: true },
  { head: 'Created', cell: ({ createdAt }) => ago(createdAt), volatile: true },
]

export default listCommand({
  name: 'job list',
  about: 'List the jobs, newest first.',
  positionals: {},
  options: { namespace: { kind: 'text', value: 'NAME', about: 'Only those of this namespace' } },
  examples: ['job list', 'job list --filter state=failed', 'job list --watch', 'job list -o json'],
  columns,
  key: ({ jobId }) => jobId,
  rows: async ({ namespace }, { api, signal }) => (await api()).call('job.list', { namespace }, signal),
})
