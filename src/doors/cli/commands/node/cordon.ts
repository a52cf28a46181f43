import { command } from '../../line/command.ts'
import { opennessInWords } from '../../show/openness.ts'

export default command({
  name: 'node cordon',
  about: 'Let no new work onto a node; what it has stays.',
  details: 'On a node that is being drained, it ends the drain and leaves the node closed.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: { reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who wonder later' } },
  examples: ['node cordon gpu-node-3', 'node cordon gpu-node-3 --reason "new driver on Monday"'],

  async run({ node, reason }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('node.cordon', { node, reason }, signal), opennessInWords)
    return undefined
  },
})
