import { command } from '../../../line/command.ts'

export default command({
  name: 'auth user disable',
  about: 'Let a user in no more, whatever keys they have.',
  positionals: { user: { about: 'Name of the user' } },
  options: {},
  examples: ['auth user disable ada', 'auth user disable ada --json'],

  async run({ user }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.disable', { user }, signal), ({ name }) => [`${name} is disabled`])
    return undefined
  },
})
