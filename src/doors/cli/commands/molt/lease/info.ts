import { command } from '../../../line/command.ts'
import { leaseFacts } from '../../../show/lending-words.ts'

export default command({
  name: 'molt lease info',
  about: 'Show one lease of a node that lends: its terms, its meter, its work, and how it was closed.',
  positionals: { lease: { about: 'Its id, or the beginning of it' } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt lease info 3f9a2c41', 'molt lease info 3f9a2c41 --json'],

  async run({ lease, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltlease.info', { lease, node }, signal), leaseFacts)
    return undefined
  },
})
