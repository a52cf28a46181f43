import { command } from '../../../line/command.ts'
import { namespaceOption, userFacts } from '../../../show/access.ts'

export default command({
  name: 'auth user create',
  about: 'Make a user, with a role or without.',
  positionals: { user: { about: 'Name, such as ada or ada@example.org' } },
  options: {
    role: { kind: 'text', value: 'ROLE', about: 'A role at once; without one, the user may do nothing yet' },
    namespace: namespaceOption,
    issuer: { kind: 'text', value: 'URL', about: 'Identity provider where the user logs in; with --subject' },
    subject: { kind: 'text', value: 'SUB', about: 'What that provider calls the user' },
    key: { kind: 'text', value: 'ID', about: 'Id of the user’s operator key, as `operator key` shows it' },
  },
  examples: [
    'auth user create ada --role operator -n team-a',
    'auth user create ci@example.org --role viewer',
    'auth user create eve --issuer https://accounts.example.org --subject 248289761002',
    'auth user create bob --role admin --key 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
  ],

  async run(given, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.create', given, signal), (one) => userFacts(one))
    return undefined
  },
})
