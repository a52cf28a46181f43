import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'moltlease.list'>[number]>[] = [
  { head: 'Lease', cell: ({ id }) => id.slice(0, 12) },
  { head: 'State', cell: ({ state, why }) => (why === null ? state : `${state}, ${why}`) },
  { head: 'GPUs', cell: ({ gpus, model }) => `${gpus}× ${model}` },
  { head: 'Rate', cell: ({ rate }) => `${rate.inWords}/h` },
  { head: 'Used', cell: ({ used }) => `${used.toFixed(0)} GPU-s` },
  { head: 'Promised', cell: ({ vouched }) => vouched.inWords },
  { head: 'Paid', cell: ({ paid }) => paid?.inWords ?? '—' },
  { head: 'Since', cell: ({ since }) => ago(since) },
  { head: 'Buyer', cell: ({ buyer }) => buyer, wide: true },
  { head: 'Workload', cell: ({ workload }) => workload ?? '—', wide: true },
]

export default listCommand({
  name: 'molt leases',
  about: 'List the bids and leases of a node that lends.',
  positionals: {},
  options: {
    all: { kind: 'flag', short: 'a', about: 'Also those that were closed not long ago' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt leases', 'molt leases --all --json', 'molt leases --filter state=running'],
  columns,
  key: ({ id }) => id,
  rows: async ({ all, node }, { api, signal }) => (await api()).call('moltlease.list', { all, node }, signal),
})
