import { command } from '../../../line/command.ts'
import { tailscaleLines } from '../../../work/tailnet-words.ts'

export default command({
  name: 'network tailscale status',
  about: 'Show how a node is in its tailnet, and what to run where something is wrong.',
  positionals: { node: { about: 'Which; the peer that is asked if left out', optional: true, completes: 'node' } },
  options: {},
  examples: ['network tailscale status', 'network tailscale status gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('tailscale.status', { node }, signal), tailscaleLines)
    return undefined
  },
})
