import { command } from '../../../line/command.ts'
import { policyFacts } from '../../../show/lending-words.ts'

export default command({
  name: 'molt policy show',
  about: 'Show at which terms a node lends its GPUs to strangers.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt policy show', 'molt policy show --node gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltpolicy.show', { node }, signal), policyFacts)
    return undefined
  },
})
