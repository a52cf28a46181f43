import { command } from '../../line/command.ts'
import { grantsInWords } from '../../show/access.ts'
import { facts, orDash } from '../../show/words.ts'

export default command({
  name: 'auth whoami',
  about: 'Show who you are to the mesh, and what roles you have.',
  positionals: {},
  options: {},
  examples: ['auth whoami', 'auth whoami --json'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('auth.whoami', {}, signal), ({ id, who, user, peer, grants, limits }) =>
      facts([
        ['You are', who],
        ['Id', id],
        ['User', orDash(user)],
        ['Roles', grantsInWords(grants)],
        ...limits.map((limit) => ['Within', grantsInWords(limit)] as const),
        ['Asked', peer],
      ]),
    )
    return undefined
  },
})
