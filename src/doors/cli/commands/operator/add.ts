import { command } from '../../line/command.ts'

export default command({
  name: 'operator add',
  about: 'Let an operator key attach from outside.',
  positionals: {
    name: { about: 'What to call the operator' },
    key: { about: 'Id of the key, as `operator key` shows it' },
  },
  options: {},
  examples: [
    'operator add ada 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
    'operator add ci 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN --json',
  ],

  async run({ name, key }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('operator.add', { name, key }, signal), (added) => [`${added.name} may attach`])
    return undefined
  },
})
