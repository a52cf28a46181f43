import type { OutputOf } from '../../../../operations/registry.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago, orDash } from '../../show/words.ts'

const columns: readonly Column<OutputOf<'deploy.history'>[number]>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Revision', cell: ({ revision }) => String(revision) },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Image', cell: ({ image }) => image },
  { head: 'Replicas', cell: ({ replicas }) => String(replicas), wide: true },
  { head: 'By', cell: ({ by }) => by, wide: true },
  { head: 'Created', cell: ({ createdAt }) => ago(createdAt), volatile: true },
  { head: 'Reason', cell: ({ reason }) => orDash(reason) },
]

export default listCommand({
  name: 'deploy history',
  about: 'List the revisions of a deployment, newest first; without a name, all deployments.',
  positionals: { NAME: { about: 'Name or id of the deployment', optional: true } },
  options: { limit: { kind: 'number', value: 'N', about: 'At most so many' } },
  examples: ['deploy history api', 'deploy history api --limit 5', 'deploy history -o json'],
  columns,
  key: ({ deploymentId, revision }) => `${deploymentId} ${revision}`,
  rows: async ({ NAME, limit }, { api, signal }) =>
    (await (await api()).call('deploy.history', { deployment: NAME }, signal)).slice(0, limit),
})
