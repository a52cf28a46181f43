import { command } from '../../line/command.ts'
import { overlayLines } from '../../work/overlay-words.ts'

export default command({
  name: 'network status',
  about: 'Show the overlay: every node’s address, and how the links from this peer are.',
  positionals: {},
  options: {},
  examples: ['network status', 'network status --json'],

  async run(_, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('network.status', {}, signal), overlayLines)
    return undefined
  },
})
