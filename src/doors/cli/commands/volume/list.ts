import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'

type Volume = OutputOf<'volume.list'>[number]

const columns: readonly Column<Volume>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Namespace', cell: ({ namespace }) => namespace },
  { head: 'Type', cell: ({ type }) => type },
  { head: 'Access', cell: ({ accessMode }) => accessMode },
  { head: 'Node', cell: ({ node }) => orDash(node) },
  { head: 'Size', cell: ({ sizeMib }) => (sizeMib === null ? '—' : `${sizeMib} MiB`) },
  { head: 'Used by', cell: ({ users }) => orDash(users.join(', ')) },
  { head: 'Snapshots', cell: ({ snapshots }) => String(snapshots.length) },
  { head: 'Created', cell: ({ createdAt }) => createdAt, wide: true },
  { head: 'By', cell: ({ createdBy }) => createdBy, wide: true },
]

export default listCommand({
  name: 'volume list',
  about: 'List the volumes.',
  positionals: {},
  options: { namespace: { kind: 'text', short: 'n', value: 'NAME', about: 'Only those of this namespace' } },
  examples: ['volume list', 'volume list --namespace team-a -o wide', 'volume list --json'],
  columns,
  key: ({ namespace, name }) => `${namespace}/${name}`,
  rows: async ({ namespace }, { api, signal }) => (await api()).call('volume.list', { namespace }, signal),
})
