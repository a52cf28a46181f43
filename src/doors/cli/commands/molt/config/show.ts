import { command } from '../../../line/command.ts'
import { preferencesFacts } from '../../../show/buying-words.ts'

export default command({
  name: 'molt config show',
  about: 'Show what a node may spend on work that strangers run, and from whom it takes.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt config show', 'molt config show --node gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltbuying.show', { node }, signal), preferencesFacts)
    return undefined
  },
})
