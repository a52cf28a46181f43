import { command } from '../../line/command.ts'
import { statusFacts } from '../../show/molt-words.ts'

export default command({
  name: 'molt status',
  about: 'Show how a node takes part in the MOLT network, and whom it reaches there.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt status', 'molt status --node gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.status', { node }, signal), statusFacts)
    return undefined
  },
})
