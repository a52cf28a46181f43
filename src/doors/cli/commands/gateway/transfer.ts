import { command } from '../../line/command.ts'

export default command({
  name: 'gateway transfer',
  about: 'Hand the lead to another voter.',
  details: 'To the one that is named, or to the one that has followed furthest. Nothing stops meanwhile.',
  positionals: { node: { about: 'Name or id of a voter', optional: true, completes: 'node' } },
  options: {},
  examples: ['gateway transfer', 'gateway transfer gpu-node-2'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('gateway.transfer', { node }, signal), ({ from, leader, moved }) => [
      moved ? `${leader} leads now, after ${from}` : `${leader} leads already`,
    ])
    return undefined
  },
})
