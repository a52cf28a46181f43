import { command } from '../../line/command.ts'

export default command({
  name: 'operator remove',
  about: 'Let a key attach no more.',
  positionals: { operator: { about: 'Name of the operator, or id of the key' } },
  options: {},
  examples: ['operator remove ada', 'operator remove 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'],

  async run({ operator }, { api: connect, out, signal }) {
    const api = await connect()
    const removed = await api.call('operator.remove', { operator }, signal)
    await out.result(removed, ({ name }) => [`${name} may no longer attach`])
    return undefined
  },
})
