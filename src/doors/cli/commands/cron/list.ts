import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago, orDash } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'cron.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Schedule', cell: ({ schedule }) => schedule },
  { head: 'Zone', cell: ({ timeZone }) => timeZone },
  { head: 'Next', cell: ({ nextRun, suspended }) => (suspended ? 'suspended' : orDash(nextRun)) },
  { head: 'Running', cell: ({ active }) => String(active) },
  { head: 'Image', cell: ({ image }) => image },
  { head: 'Fired', cell: ({ fired }) => String(fired), wide: true },
  { head: 'Missed', cell: ({ missed }) => String(missed), wide: true },
  { head: 'Namespace', cell: ({ namespace }) => namespace, wide: true },
  { head: 'Id', cell: ({ cronId }) => cronId, wide: true },
  { head: 'Last', cell: ({ lastRun }) => ago(lastRun), volatile: true },
]

export default listCommand({
  name: 'cron list',
  about: 'List the schedules by name, with the next moment of each.',
  positionals: {},
  options: { namespace: { kind: 'text', value: 'NAME', about: 'Only those of this namespace' } },
  examples: ['cron list', 'cron list --filter suspended=true', 'cron list -o json'],
  columns,
  key: ({ cronId }) => cronId,
  rows: async ({ namespace }, { api, signal }) => (await api()).call('cron.list', { namespace }, signal),
})
