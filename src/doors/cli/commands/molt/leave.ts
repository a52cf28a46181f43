import { command } from '../../line/command.ts'
import { statusFacts } from '../../show/molt-words.ts'

export default command({
  name: 'molt leave',
  about: 'Have a node take part in the MOLT network no more.',
  details: 'What it owns there stays its own, for when it joins again. A witness of the network goes on as one.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt leave', 'molt leave --node gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.leave', { node }, signal), statusFacts)
    return undefined
  },
})
