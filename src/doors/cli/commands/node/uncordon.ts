import { command } from '../../line/command.ts'
import { opennessInWords } from '../../show/openness.ts'

export default command({
  name: 'node uncordon',
  about: 'Let new work onto a node again.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: {},
  examples: ['node uncordon gpu-node-3', 'node uncordon gpu-node-3 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('node.uncordon', { node }, signal), opennessInWords)
    return undefined
  },
})
