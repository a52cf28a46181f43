import { listCommand } from '../../show/list-command.ts'
import { jobColumns } from '../../show/buying-words.ts'

export default listCommand({
  name: 'molt jobs',
  about: 'List the jobs that strangers run for a node.',
  positionals: {},
  options: {
    all: { kind: 'flag', short: 'a', about: 'Also those that are over' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt jobs', 'molt jobs --all --json', 'molt jobs --filter state=running'],
  columns: jobColumns,
  key: ({ id }) => id,
  rows: async ({ all, node }, { api, signal }) => (await api()).call('moltjob.list', { all, node }, signal),
})
