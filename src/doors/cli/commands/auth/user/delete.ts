import { command } from '../../../line/command.ts'

export default command({
  name: 'auth user delete',
  about: 'Forget a user, with all keys of theirs. Their work stays.',
  positionals: { user: { about: 'Name of the user' } },
  options: {},
  examples: ['auth user delete ada', 'auth user delete ada --json'],

  async run({ user }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.delete', { user }, signal), ({ name }) => [`${name} is gone`])
    return undefined
  },
})
