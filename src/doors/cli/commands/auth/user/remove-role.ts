import { command } from '../../../line/command.ts'
import { namespaceOption, userFacts } from '../../../show/access.ts'

export default command({
  name: 'auth user remove-role',
  about: 'Take a role from a user.',
  positionals: { user: { about: 'Name of the user' }, role: { about: 'Name of the role' } },
  options: { namespace: namespaceOption },
  examples: ['auth user remove-role ada viewer', 'auth user remove-role ada operator -n team-a'],

  async run(given, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.unassign', given, signal), (one) => userFacts(one))
    return undefined
  },
})
