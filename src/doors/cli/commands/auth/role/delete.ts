import { command } from '../../../line/command.ts'

export default command({
  name: 'auth role delete',
  about: 'Take a role away that nobody has any more.',
  positionals: { role: { about: 'Name of the role' } },
  options: {},
  examples: ['auth role delete debugger', 'auth role delete debugger --json'],

  async run({ role }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('role.delete', { role }, signal), ({ name }) => [`${name} is gone`])
    return undefined
  },
})
