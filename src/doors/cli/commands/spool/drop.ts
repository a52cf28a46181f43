import { command } from '../../line/command.ts'

export default command({
  name: 'spool drop',
  about: 'Give up a submission that a peer keeps.',
  details:
    'One that was handed over before without an answer may have been taken: `workload list` tells once there is a leader.',
  positionals: { workload: { about: 'Name or id of the workload' } },
  options: {
    node: { kind: 'text', value: 'NODE', about: 'The peer whose spool it is; the one you talk to if left out' },
  },
  examples: ['spool drop nightly', 'spool drop wl-x7k2m4q9ab --node gpu-node-2'],

  async run({ workload, node }, { api: connect, out, signal }) {
    const api = await connect()
    const dropped = await api.call('spool.drop', { workload, node }, signal)
    await out.result(dropped, ({ name, id, tried }) => [
      `${name} (${id}) is dropped`,
      ...(tried ? ['it was handed over before without an answer, so the mesh may have it all the same'] : []),
    ])
    return undefined
  },
})
