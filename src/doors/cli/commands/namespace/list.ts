import { command } from '../../command.ts'
import { memoryUsedOf, usedOf } from '../../namespace-limits.ts'

export default command({
  name: 'namespace list',
  about: 'List the namespaces: what they may take, and what they take.',
  positionals: {},
  options: {},
  examples: ['namespace list', 'namespace list --json'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('namespace.list', {}, signal), (rows, style) =>
      style.table(rows, [
        { head: 'Name', cell: ({ name }) => name },
        { head: 'GPUs', cell: (row) => usedOf('gpus', row) },
        { head: 'CPU', cell: (row) => usedOf('cpus', row) },
        { head: 'Memory', cell: (row) => memoryUsedOf(row) },
        { head: 'Workloads', cell: (row) => usedOf('workloads', row) },
        { head: 'Borrows', cell: ({ borrow }) => (borrow ? 'yes' : 'no') },
        { head: 'Weight', cell: ({ weight }) => String(weight) },
        { head: 'GPU-hours', cell: ({ gpuHours }) => gpuHours.toFixed(1), wide: true },
        { head: 'Share', cell: ({ share }) => share.toFixed(1), wide: true },
      ]),
    )
    return undefined
  },
})
