import { command } from '../../../line/command.ts'
import { userFacts } from '../../../show/access.ts'

export default command({
  name: 'auth user link',
  about: 'Say who at an identity provider logs in as a user.',
  details:
    'Whoever logs in for the first time becomes a user of their own. To log in as a user that was made here, they have to be linked to it; a name or an address alone is not enough.',
  positionals: {
    user: { about: 'Name of the user' },
    issuer: { about: 'The provider, as `oidc.issuer` names it' },
    subject: { about: 'What the provider calls them; a login that is refused says it' },
  },
  options: {},
  examples: [
    'auth user link ada https://accounts.example.org 248289761001',
    'auth user link ada https://login.example.org/realms/lab f3b1c2d4 --json',
  ],

  async run({ user, issuer, subject }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.link', { user, issuer, subject }, signal), (one) => userFacts(one))
    return undefined
  },
})
