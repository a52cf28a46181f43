import { command } from '../../line/command.ts'
import { labelsInWords } from '../../show/columns.ts'
import { pairsOf } from '../../line/pairs.ts'

export default command({
  name: 'node label',
  about: 'Set or take away labels of a node.',
  positionals: {
    node: { about: 'Name or id of the node', completes: 'node' },
    labels: { about: 'KEY=VALUE to set, KEY- to take away', rest: true },
  },
  options: {},
  examples: ['node label gpu-node-1 rack=b2', 'node label gpu-node-1 zone=eu rack-'],

  async run({ node, labels: words }, { api: connect, out, signal }) {
    const api = await connect()
    const gone = words.filter((word) => /^[^=]+-$/.test(word))
    const kept = pairsOf(
      words.filter((word) => !gone.includes(word)),
      'label',
    )
    const labels = { ...kept, ...Object.fromEntries(gone.map((word) => [word.slice(0, -1), null])) }
    const after = await api.call('node.label', { node, labels }, signal)
    await out.result(after, (result) => [labelsInWords(result.labels) || 'no labels'])
    return undefined
  },
})
