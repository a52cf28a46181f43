import { command } from '../../line/command.ts'
import { opennessInWords } from '../../show/openness.ts'

export default command({
  name: 'node undrain',
  about: 'End the drain of a node: it takes new work again.',
  details: 'What is leaving it already still leaves. Work that went elsewhere stays there.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: {},
  examples: ['node undrain gpu-node-3', 'node undrain gpu-node-3 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('node.undrain', { node }, signal), opennessInWords)
    return undefined
  },
})
