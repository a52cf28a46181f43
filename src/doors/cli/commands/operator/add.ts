import { command } from '../../line/command.ts'
import { namespaceOption } from '../../show/access.ts'

export default command({
  name: 'operator add',
  about: 'Let an operator key attach from outside.',
  positionals: {
    name: { about: 'What to call the operator' },
    key: { about: 'Id of the key, as `operator key` shows it' },
  },
  options: {
    role: {
      kind: 'text',
      value: 'ROLE',
      about: 'Make it the key of a user with this role; without one, it may do everything',
    },
    namespace: namespaceOption,
  },
  examples: [
    'operator add ada 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
    'operator add ci 12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN --role operator -n default --json',
  ],

  async run({ name, key, role, namespace }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('operator.add', { name, key, role, namespace }, signal), (added) => [
      `${added.name} may attach`,
    ])
    return undefined
  },
})
