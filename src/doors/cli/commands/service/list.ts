import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'

type Row = OutputOf<'service.list'>[number]

const columns: readonly Column<Row>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Port', cell: ({ port }) => String(port) },
  { head: 'Ready', cell: ({ ready, total }) => `${ready}/${total}` },
  { head: 'Revisions', cell: ({ revisions }) => revisions.map(revisionInWords).join(', ') },
  { head: 'Target port', cell: ({ targetPort }) => String(targetPort), wide: true },
  { head: 'Protocol', cell: ({ protocol }) => protocol, wide: true },
  { head: 'Namespace', cell: ({ namespace }) => namespace, wide: true },
]

/** `r3 2/3 (90)`: ready, all, and the weight. */
const revisionInWords = ({ revision, ready, total, weight }: Row['revisions'][number]): string =>
  `r${revision} ${ready}/${total} (${weight})`

export default listCommand({
  name: 'service list',
  about: 'List the deployments that take requests: at which port, and how many replicas can answer.',
  positionals: {},
  options: {},
  examples: ['service list', 'service list -o wide', 'service list --json'],
  columns,
  key: ({ name }) => name,
  rows: async (_, { api, signal }) => (await api()).call('service.list', {}, signal),
})
