import { command } from '../../../line/command.ts'
import { keyFacts } from '../../../show/access.ts'

export default command({
  name: 'auth apikey rotate',
  about: 'Give an API key another secret; the one before goes on for a while.',
  positionals: { key: { about: 'Id of the key, ak_…' } },
  options: {
    grace: {
      kind: 'text',
      value: 'TIME',
      about: 'How long the secret before is good still; 1h if left out, 7d at most',
    },
  },
  examples: ['auth apikey rotate ak_x7k2m4q5abcd', 'auth apikey rotate ak_x7k2m4q5abcd --grace 0'],

  async run({ key, grace }, { api: connect, out, signal }) {
    const api = await connect()
    const rotated = await api.call('apikey.rotate', { key, grace }, signal)
    if (out.isTerminal) out.note('The secret is shown this once.')
    await out.result(rotated, (one) => [...keyFacts(one), `Secret: ${one.secret}`])
    return undefined
  },
})
