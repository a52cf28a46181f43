import { nodeColumns } from '../../show/columns.ts'
import { listCommand } from '../../show/list-command.ts'

export default listCommand({
  name: 'node list',
  about: 'List the nodes and their GPUs.',
  positionals: {},
  options: {
    available: { kind: 'flag', about: 'Only healthy nodes with a free GPU' },
    'gpu-type': { kind: 'text', value: 'MODEL', about: 'Only nodes with GPUs of this model or family, such as H100' },
  },
  examples: [
    'node list',
    'node list --available --gpu-type H100',
    'node list -l rack=b2 --filter "gpu.util>90" --sort-by utilization:desc',
    'node list -o wide',
    'node list --json',
  ],
  columns: nodeColumns,
  key: ({ name }) => name,
  rows: async ({ available, 'gpu-type': gpuType }, { api, signal }) =>
    (await api()).call('node.list', { available, gpuType }, signal),
})
