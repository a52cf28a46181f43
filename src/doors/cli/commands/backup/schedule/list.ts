import type { OutputOf } from '../../../../../operations/registry.ts'
import { listCommand } from '../../../show/list-command.ts'
import type { Column } from '../../../show/table.ts'
import { orDash } from '../../../show/words.ts'

type Schedule = OutputOf<'backup.schedules'>[number]

const columns: readonly Column<Schedule>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Namespace', cell: ({ namespace }) => namespace },
  { head: 'When', cell: ({ cron, timeZone }) => `${cron} ${timeZone}` },
  { head: 'Of', cell: ({ scope, volumes }) => (scope === 'mesh' ? 'the mesh' : volumes.join(', ') || 'all volumes') },
  { head: 'Next', cell: ({ nextRun, suspended }) => (suspended ? 'suspended' : orDash(nextRun)) },
  { head: 'Kept', cell: ({ kept }) => String(kept) },
  { head: 'Missed', cell: ({ missed, skipped }) => String(missed + skipped) },
  { head: 'Last refusal', cell: ({ refusal }) => orDash(refusal), wide: true },
  { head: 'Node', cell: ({ node }) => node, wide: true },
  { head: 'Where', cell: ({ target }) => target, wide: true },
]

export default listCommand({
  name: 'backup schedule list',
  about: 'List the schedules of backups, with the next moment of each.',
  positionals: {},
  options: { namespace: { kind: 'text', short: 'n', value: 'NAME', about: 'Only of this namespace' } },
  examples: ['backup schedule list', 'backup schedule list -o wide'],
  columns,
  key: ({ namespace, name }) => `${namespace}/${name}`,
  rows: async ({ namespace }, { api, signal }) => (await api()).call('backup.schedules', { namespace }, signal),
})
