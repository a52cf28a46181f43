import { command } from '../../../line/command.ts'

export default command({
  name: 'auth user enable',
  about: 'Let a user in again who was disabled.',
  positionals: { user: { about: 'Name of the user' } },
  options: {},
  examples: ['auth user enable ada', 'auth user enable ada --json'],

  async run({ user }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('user.enable', { user }, signal), ({ name }) => [`${name} is enabled`])
    return undefined
  },
})
