import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import { memoryUsedOf, usedOf } from '../../work/namespace-limits.ts'
import type { Column } from '../../show/table.ts'

const columns: readonly Column<OutputOf<'namespace.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'GPUs', cell: (row) => usedOf('gpus', row) },
  { head: 'CPU', cell: (row) => usedOf('cpus', row) },
  { head: 'Memory', cell: (row) => memoryUsedOf(row) },
  { head: 'Workloads', cell: (row) => usedOf('workloads', row) },
  { head: 'Borrows', cell: ({ borrow }) => (borrow ? 'yes' : 'no') },
  { head: 'Weight', cell: ({ weight }) => String(weight) },
  { head: 'GPU-hours', cell: ({ gpuHours }) => gpuHours.toFixed(1), wide: true, volatile: true },
  { head: 'Share', cell: ({ share }) => share.toFixed(1), wide: true, volatile: true },
]

export default listCommand({
  name: 'namespace list',
  about: 'List the namespaces: what they may take, and what they take.',
  positionals: {},
  options: {},
  examples: ['namespace list', 'namespace list --sort-by gpuHours:desc', 'namespace list --json'],
  columns,
  key: ({ name }) => name,
  rows: async (_, { api, signal }) => (await api()).call('namespace.list', {}, signal),
})
