import { command } from '../../../line/command.ts'
import { tailscaleLines } from '../../../work/tailnet-words.ts'

export default command({
  name: 'network tailscale down',
  about: 'Turn the tailnet of a node off.',
  details:
    'It stays off until `network tailscale up`. Other members forget the addresses of the node there, and go by its others. ' +
    'Whoever reaches the node by its tailnet alone does so no more.',
  positionals: { node: { about: 'Which; the peer that is asked if left out', optional: true, completes: 'node' } },
  options: {},
  examples: ['network tailscale down', 'network tailscale down gpu-node-1'],

  async run({ node }, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('tailscale.down', { node }, signal), tailscaleLines)
    return undefined
  },
})
