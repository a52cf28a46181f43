import { command } from '../../../line/command.ts'
import { tailscaleLines } from '../../../work/tailnet-words.ts'

export default command({
  name: 'network tailscale up',
  about: 'Bring the tailnet of a node up.',
  details:
    'Its daemon does so by itself where it has a key; after `network tailscale down`, and without a key, it takes this command. ' +
    'Where a person has to log in, an address is printed: whoever opens it lets the node into a tailnet of theirs.',
  positionals: { node: { about: 'Which; the peer that is asked if left out', optional: true, completes: 'node' } },
  options: {},
  examples: ['network tailscale up', 'network tailscale up gpu-node-1'],

  async run({ node }, { api: connect, out, signal }) {
    const reply = await (await connect()).call('tailscale.up', { node }, signal)
    await out.result(reply, (one) => [
      ...tailscaleLines(one),
      ...(one.loginUrl === null ? [] : ['', `Log in at ${one.loginUrl}`]),
    ])
    return reply.state === 'Running' ? undefined : 1
  },
})
