import { command } from '../../command.ts'
import { nodeColumns } from '../../columns.ts'

export default command({
  name: 'node list',
  about: 'List the nodes and their GPUs.',
  positionals: {},
  options: {
    available: { kind: 'flag', about: 'Only healthy nodes with a free GPU' },
    'gpu-type': { kind: 'text', value: 'MODEL', about: 'Only nodes with GPUs of this model or family, such as H100' },
  },
  examples: ['node list', 'node list --available --gpu-type H100', 'node list -o wide', 'node list --json'],

  async run({ available, 'gpu-type': gpuType }, { api: connect, out, signal }) {
    const api = await connect()
    const nodes = await api.call('node.list', { available, gpuType }, signal)
    await out.result(nodes, (rows, style) => style.table(rows, nodeColumns))
    return undefined
  },
})
