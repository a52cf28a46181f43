import { command } from '../line/command.ts'
import { nodeColumns } from '../show/columns.ts'
import { facts } from '../show/words.ts'

export default command({
  name: 'status',
  about: 'Show the mesh in numbers.',
  positionals: {},
  options: {},
  examples: ['status', 'status --json', 'status --gateway http://gpu-node-1:8080 --token-file token'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    // Asked for at once: whoever types `status` waits for one answer, not for two.
    const [found, rows] = await Promise.all([
      api.call('status', {}, signal),
      out.isForMachines ? [] : api.call('node.list', {}, signal),
    ])
    const status = { ...found, gateway: api.address }
    await out.result(status, async ({ gateway, leader, nodes, gpus, workloads, outdated, insecure }, style) => [
      'CLUSTER STATUS',
      '═'.repeat(39),
      // A peer of an older build does not say.
      ...((outdated ?? null) === null ? [] : [`OUTDATED: ${outdated} What follows is of the past.`]),
      ...((insecure ?? null) === null ? [] : [`INSECURE: ${insecure}.`]),
      ...facts([
        ['Gateway', gateway],
        ['Leader', leader ?? 'none at the moment'],
        ['Nodes', `${nodes.healthy} healthy, ${nodes.unhealthy} unhealthy`],
        ['Total GPUs', `${gpus.total} (${gpus.available} available)`],
        ['Workloads', `${workloads.running} running, ${workloads.pending} pending`],
      ]),
      '',
      'NODES',
      ...(await style.table(rows, nodeColumns)),
    ])
    return undefined
  },
})
