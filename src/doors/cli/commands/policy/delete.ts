import { command } from '../../line/command.ts'

export default command({
  name: 'policy delete',
  about: 'Take a policy away.',
  positionals: { policy: { about: 'Name of the policy' } },
  options: {},
  examples: ['policy delete no-latest', 'policy delete no-latest --json'],

  async run({ policy }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('policy.delete', { policy }, signal), ({ name }) => [`${name} is gone`])
    return undefined
  },
})
