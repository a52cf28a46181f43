import { command } from '../../../line/command.ts'

export default command({
  name: 'auth apikey revoke',
  about: 'Make an API key worthless at once.',
  positionals: { key: { about: 'Id of the key, ak_…' } },
  options: {},
  examples: ['auth apikey revoke ak_x7k2m4q5abcd', 'auth apikey revoke ak_x7k2m4q5abcd --json'],

  async run({ key }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('apikey.revoke', { key }, signal), ({ id }) => [`${id} is worthless now`])
    return undefined
  },
})
