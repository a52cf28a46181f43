import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'deploy.list'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Ready', cell: ({ healthyReplicas, replicas }) => `${healthyReplicas}/${replicas}` },
  { head: 'Revision', cell: ({ revision }) => String(revision) },
  { head: 'Strategy', cell: ({ strategy }) => strategy },
  { head: 'Image', cell: ({ image }) => image },
  { head: 'Namespace', cell: ({ namespace }) => namespace, wide: true },
  { head: 'Id', cell: ({ deploymentId }) => deploymentId, wide: true },
  { head: 'Updated', cell: ({ updatedAt }) => ago(updatedAt), volatile: true },
]

export default listCommand({
  name: 'deploy list',
  about: 'List the deployments by name.',
  positionals: {},
  options: { namespace: { kind: 'text', value: 'NAME', about: 'Only those of this namespace' } },
  examples: ['deploy list', 'deploy list --filter state=failed', 'deploy list --watch', 'deploy list -o json'],
  columns,
  key: ({ deploymentId }) => deploymentId,
  rows: async ({ namespace }, { api, signal }) => (await api()).call('deploy.list', { namespace }, signal),
})
