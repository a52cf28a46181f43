import { command } from '../../../line/command.ts'
import { networkFacts } from '../../../show/molt-words.ts'

export default command({
  name: 'molt network info',
  about: 'Show the MOLT network that the mesh takes part in.',
  positionals: {},
  options: {},
  examples: ['molt network info', 'molt network info --json'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltnetwork.info', {}, signal), networkFacts)
    return undefined
  },
})
