import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'
import { auditOptions, wantedOf } from '../../work/audit-filter.ts'

type Entry = OutputOf<'audit.query'>['entries'][number]

const columns: readonly Column<Entry>[] = [
  { head: 'At', cell: ({ at }) => at },
  { head: 'Who', cell: ({ actor }) => actor },
  { head: 'Operation', cell: ({ operation }) => operation },
  { head: 'What', cell: ({ object }) => orDash(object) },
  { head: 'Outcome', cell: ({ outcome, count }) => (count === 1 ? outcome : `${outcome} ×${count}`) },
  { head: 'Node', cell: ({ node }) => node },
  { head: 'Namespace', cell: ({ namespace }) => orDash(namespace), wide: true },
  { head: 'Via', cell: ({ via }) => orDash(via), wide: true },
  { head: 'Request', cell: ({ request }) => request, wide: true },
  { head: 'Number', cell: ({ seq }) => String(seq), wide: true },
]

export default listCommand({
  name: 'audit query',
  about: 'Find who did what, and who was turned away.',
  details:
    'Oldest first, of the node that is asked, of another, or of all. What has ended is shown once, with how it ended; “begun” is what ' +
    'goes on, or was cut off. Only auditors and administrators may look.',
  positionals: {},
  options: auditOptions,
  examples: [
    'audit query --all --since 1h',
    'audit query --decision denied --limit 20',
    'audit query --operation "workload.*" --actor socket --json',
  ],
  columns,
  key: ({ node, seq }) => `${node} ${seq}`,
  async rows(args, { api, out, signal }) {
    const { entries, missing } = await (await api()).call('audit.query', wantedOf(args), signal, 120_000)
    for (const { node, reason } of missing) out.note(`${node} is left out: ${reason}`)
    return entries
  },
})
