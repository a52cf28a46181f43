import { command } from '../../../line/command.ts'
import { wireguardLines } from '../../../work/overlay-words.ts'

export default command({
  name: 'network wg show',
  about: 'Show WireGuard on a node: its interfaces, its peers and their traffic.',
  positionals: { node: { about: 'Which; the peer that is asked if left out', optional: true, completes: 'node' } },
  options: {},
  examples: ['network wg show', 'network wg show gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('network.show', { node }, signal), wireguardLines)
    return undefined
  },
})
