import { workloadColumns } from '../../show/columns.ts'
import { listCommand } from '../../show/list-command.ts'

export default listCommand({
  name: 'workload list',
  about: 'List workloads, newest first.',
  positionals: {},
  options: {
    running: { kind: 'flag', about: 'Only those that have a place and have not ended' },
    mine: { kind: 'flag', about: 'Only your own' },
    since: { kind: 'text', value: 'TIME', about: 'Only those submitted since then: 1h, "24h ago", or an ISO time' },
    node: { kind: 'text', value: 'NODE', about: 'Only those on this node' },
    namespace: { kind: 'text', value: 'NAME', about: 'Only those of this namespace' },
    group: { kind: 'text', value: 'GROUP', about: 'Only the parts of this gang or array, by its id or name' },
    limit: { kind: 'number', value: 'N', about: 'At most so many; 1000 if left out' },
  },
  examples: [
    'workload list',
    'workload list --group train',
    'workload list --running -o wide',
    'workload list --filter state=failed --sort-by endedAt:desc',
    'workload list -q --filter "name~train"',
    'workload list --watch -l app=db',
    'workload list --since 24h --json',
    `workload list -o jsonpath='{range [*]}{.name}{"\\t"}{.node}{"\\n"}{end}'`,
  ],
  columns: workloadColumns,
  key: ({ id }) => id,
  rows: async ({ running, mine, since, node, namespace, group, limit }, { api, signal }) =>
    (await api()).call('workload.list', { running, mine, since, node, namespace, group, limit }, signal),
})
