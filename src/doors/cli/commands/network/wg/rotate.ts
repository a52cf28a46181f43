import { command } from '../../../line/command.ts'
import { overlayLines } from '../../../work/overlay-words.ts'

export default command({
  name: 'network wg rotate',
  about: 'Have nodes take new keys while traffic goes on.',
  details:
    'Each node makes a second interface with the new key beside the one that it has, and its traffic moves there, node by node, once that is ' +
    'known to work. The old one goes when all that are up have moved. Without a name all take new keys.',
  positionals: { nodes: { about: 'Which takes a new key', rest: true, optional: true, completes: 'node' } },
  options: { finish: { kind: 'flag', about: 'End the rotation that is under way, whoever has not moved yet' } },
  examples: ['network wg rotate', 'network wg rotate gpu-node-1', 'network wg rotate --finish'],

  async run({ nodes, finish }, { api: connect, out, signal }) {
    const input = { finish, ...(nodes.length > 0 && { nodes: [...nodes] }) }
    await out.result(await (await connect()).call('network.rotate', input, signal), overlayLines)
    return undefined
  },
})
