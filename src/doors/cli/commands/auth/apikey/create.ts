import { command } from '../../../line/command.ts'
import { keyFacts, namespaceOption } from '../../../show/access.ts'

export default command({
  name: 'auth apikey create',
  about: 'Make an API key; its secret is shown once.',
  details:
    'Programs send it as `X-API-Key` or as `Authorization: Bearer`. It can do what its scopes say, and never more than the user whose it is.',
  positionals: { name: { about: 'What it is for', optional: true } },
  options: {
    namespace: { ...namespaceOption, about: 'The only namespace that it reaches' },
    expires: {
      kind: 'text',
      value: 'TIME',
      about: 'How long it is good: 24h, 30d; 90d if left out, which is the longest',
    },
    scope: {
      kind: 'list',
      short: 's',
      value: 'SCOPE',
      about:
        'A role, or a rule such as read:workload; repeat for more. All that you may if left out; viewer where that has no name',
    },
    user: { kind: 'text', value: 'NAME', about: 'Whose it is; yours if left out' },
  },
  examples: [
    'auth apikey create ci -n team-a -s operator --expires 30d',
    'auth apikey create -s read:workload,node --json | jq -r .secret',
  ],

  async run({ scope, ...given }, { api: connect, out, signal }) {
    const api = await connect()
    const scopes = scope.length === 0 ? undefined : [...scope]
    const made = await api.call('apikey.create', { ...given, scopes }, signal)
    if (out.isTerminal) out.note('The secret is shown this once: keep it where only the program finds it.')
    await out.result(made, (one) => [...keyFacts(one), `Secret: ${one.secret}`])
    return undefined
  },
})
