import { command } from '../../line/command.ts'

export default command({
  name: 'namespace delete',
  about: 'Take a namespace away that has no work any more.',
  positionals: { namespace: { about: 'Name of the namespace' } },
  options: {},
  examples: ['namespace delete team-a', 'namespace delete team-a --json'],

  async run({ namespace }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('namespace.delete', { namespace }, signal), ({ name }) => [`${name} is gone`])
    return undefined
  },
})
