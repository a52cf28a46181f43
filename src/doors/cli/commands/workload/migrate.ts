import { command } from '../../line/command.ts'

export default command({
  name: 'workload migrate',
  about: 'Move a workload to another node.',
  details:
    'It is stopped where it is and placed again with a new attempt: on the node that is named, if there is room by then, or on any other.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {
    to: { kind: 'text', value: 'NODE', about: 'Where it should go' },
    grace: { kind: 'text', value: 'TIME', about: 'From SIGTERM to SIGKILL; its own if left out' },
  },
  examples: ['workload migrate train', 'workload migrate train --to gpu-node-2 --grace 2m'],

  async run({ workload, to, grace }, { api: connect, out, signal }) {
    const api = await connect()
    const moving = await api.call('workload.migrate', { workload, to, grace }, signal)
    await out.result(moving, ({ name, id, node }) => [
      node === null ? `${name} (${id}) waits for its new place` : `${name} (${id}) is leaving ${node}`,
    ])
    return undefined
  },
})
