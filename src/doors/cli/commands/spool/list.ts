import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'

type Spooled = OutputOf<'spool.list'>[number]

const columns: readonly Column<Spooled>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Since', cell: ({ since }) => since },
  { head: 'Id', cell: ({ id }) => id },
  { head: 'Image', cell: ({ image }) => image, wide: true },
  { head: 'Tried', cell: ({ tried }) => (tried ? 'yes' : 'no'), wide: true },
  { head: 'Why', cell: ({ error }) => orDash(error?.message ?? null) },
]

export default listCommand({
  name: 'spool list',
  about: 'List the submissions that a peer keeps until the mesh has a leader.',
  details: 'Each peer keeps its own. What the mesh refused stays in the list until it is dropped.',
  positionals: {},
  options: {
    node: { kind: 'text', value: 'NODE', about: 'The peer whose spool it is; the one you talk to if left out' },
  },
  examples: ['spool list', 'spool list --node gpu-node-2 --json'],
  columns,
  key: ({ id }) => id,
  rows: async ({ node }, { api, signal }) => (await api()).call('spool.list', { node }, signal),
})
