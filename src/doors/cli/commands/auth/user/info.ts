import { command } from '../../../line/command.ts'
import { userFacts } from '../../../show/access.ts'

export default command({
  name: 'auth user info',
  about: 'Show one user: roles and keys.',
  positionals: { user: { about: 'Name of the user' } },
  options: {},
  examples: ['auth user info ada', 'auth user info ada --json'],

  async run({ user }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.info', { user }, signal), (one) => userFacts(one))
    return undefined
  },
})
