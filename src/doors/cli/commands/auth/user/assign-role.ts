import { command } from '../../../line/command.ts'
import { namespaceOption, userFacts } from '../../../show/access.ts'

export default command({
  name: 'auth user assign-role',
  about: 'Give a user a role, in a namespace or everywhere.',
  details:
    'An operator who had no role could do everything, and from then on may do what the role says. Nobody can give more than they have.',
  positionals: { user: { about: 'Name of the user' }, role: { about: 'Name of the role' } },
  options: { namespace: namespaceOption },
  examples: ['auth user assign-role ada viewer', 'auth user assign-role ada operator -n team-a'],

  async run(given, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.assign', given, signal), (one) => userFacts(one))
    return undefined
  },
})
