import { command } from '../../../line/command.ts'
import { roleFacts } from '../../../show/access.ts'

export default command({
  name: 'auth role info',
  about: 'Show one role and its rules.',
  positionals: { role: { about: 'Name of the role' } },
  options: {},
  examples: ['auth role info operator', 'auth role info auditor --json'],

  async run({ role }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('role.info', { role }, signal), (one) => roleFacts(one))
    return undefined
  },
})
