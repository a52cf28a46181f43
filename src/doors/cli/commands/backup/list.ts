import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago, orDash } from '../../show/words.ts'
import { bytesInWords } from '../../work/volume-words.ts'

type Backup = OutputOf<'backup.list'>[number]

const columns: readonly Column<Backup>[] = [
  { head: 'Id', cell: ({ id }) => id },
  { head: 'Of', cell: ({ scope, volumes }) => (scope === 'mesh' ? 'the mesh' : volumes.join(', ')) },
  { head: 'Namespace', cell: ({ namespace }) => namespace },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Size', cell: ({ bytes }) => bytesInWords(bytes) },
  { head: 'Created', cell: ({ createdAt }) => ago(createdAt) },
  { head: 'Schedule', cell: ({ schedule }) => orDash(schedule) },
  { head: 'Node', cell: ({ node }) => node },
  { head: 'Where', cell: ({ target }) => target, wide: true },
  { head: 'By', cell: ({ createdBy }) => createdBy, wide: true },
]

export default listCommand({
  name: 'backup list',
  about: 'List the backups, newest first.',
  positionals: {},
  options: {
    namespace: { kind: 'text', short: 'n', value: 'NAME', about: 'Only of this namespace' },
    schedule: { kind: 'text', value: 'NAME', about: 'Only those that this schedule had made' },
  },
  examples: ['backup list', 'backup list --namespace team-a --schedule nightly -o wide'],
  columns,
  key: ({ id }) => id,
  rows: async ({ namespace, schedule }, { api, signal }) =>
    (await api()).call('backup.list', { namespace, schedule }, signal),
})
