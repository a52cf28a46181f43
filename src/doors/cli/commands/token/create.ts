import { command } from '../../line/command.ts'
import { pairsOf } from '../../line/pairs.ts'

export default command({
  name: 'token create',
  about: 'Make a token that lets one host join.',
  details: 'Give it to `clawnode join` on that host. It works once, and not for long.',
  positionals: {},
  options: {
    ttl: { kind: 'text', value: 'TIME', about: 'How long it can be used: 10m, 1h, 7d; 1h if left out' },
    roles: {
      kind: 'list',
      value: 'ROLE',
      about: 'Roles that the node gets; member, or worker for one that is not trusted to lead or to speak for others',
    },
    label: { kind: 'list', value: 'K=V', about: 'Label that the node gets; repeat for more' },
  },
  examples: ['token create', 'token create --ttl 10m --label rack=b2', 'token create --json | jq -r .token'],

  async run({ ttl, roles, label }, { api: connect, out, signal }) {
    const api = await connect()
    // The peer knows which roles there are, and says so.
    const wanted = roles.flatMap((text) => text.split(',')) as ('member' | 'worker')[]
    const request = { ttl, roles: wanted, labels: pairsOf(label, '--label') }
    const created = await api.call('token.create', request, signal)
    if (out.isTerminal) out.note(`Works once, until ${created.expiresAt}. On the new host:  clawnode join TOKEN`)
    await out.result(created, ({ token }) => [token])
    return undefined
  },
})
