import { command } from '../../../line/command.ts'

export default command({
  name: 'network tailscale acl',
  about: 'Print what the policy of a tailnet has to say for the nodes to reach each other.',
  details:
    'To be taken into the policy that is there, in Tailscale’s console or the policy file of Headscale: it opens the ports of the mesh ' +
    'between machines with the tags of the node, and nothing else.',
  positionals: {
    node: { about: 'Whose settings; the peer that is asked if left out', optional: true, completes: 'node' },
  },
  options: {},
  examples: ['network tailscale acl', 'network tailscale acl gpu-node-1'],

  async run({ node }, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('tailscale.acl', { node }, signal), ({ policy }) =>
      JSON.stringify(policy, null, 2).split('\n'),
    )
    return undefined
  },
})
