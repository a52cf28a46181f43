import { listCommand } from '../../show/list-command.ts'
import { eventColumns } from '../../show/columns.ts'

export default listCommand({
  name: 'node events',
  about: 'List what happened to a node.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: { since: { kind: 'text', value: 'TIME', about: 'Only events since then: 1h, "24h ago", or an ISO time' } },
  examples: ['node events gpu-node-1', 'node events gpu-node-1 --since "24h ago"'],
  columns: eventColumns,
  key: ({ sequence }) => String(sequence),
  rows: async ({ node, since }, { api, signal }) => (await api()).call('node.events', { node, since }, signal),
})
