import { command } from '../../../line/command.ts'
import { disputeFacts } from '../../../show/dispute-words.ts'

export default command({
  name: 'molt dispute info',
  about: 'Show one dispute: what each side has put forward, and what each arbiter has signed.',
  positionals: { dispute: { about: 'Id of its agreement, or the beginning of it' } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt dispute info 3f9a2c41', 'molt dispute info 3f9a2c41 --json'],

  async run({ dispute, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltdispute.info', { dispute, node }, signal), disputeFacts)
    return undefined
  },
})
