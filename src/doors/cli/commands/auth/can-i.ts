import { ClawError } from '../../../../model/failure.ts'
import type { Api } from '../../peer/api.ts'
import { command } from '../../line/command.ts'
import type { Session } from '../../line/command.ts'
import { namespaceOption, rulesInWords } from '../../show/access.ts'

/** As `kubectl auth can-i` ends. */
const no = 1

export default command({
  name: 'auth can-i',
  about: 'Say whether you may do something; with --list, all that you may.',
  details: 'Ends with 0 for yes and with 1 for no.',
  positionals: {
    verb: {
      about: 'read, create, stop, change, remove, invoke, exec, connect, reveal, use, spend or recover',
      optional: true,
    },
    resource: { about: 'Such as workload, node or secret', optional: true },
  },
  options: {
    namespace: { ...namespaceOption, about: 'In this namespace; everywhere if left out' },
    list: { kind: 'flag', about: 'All that you may' },
    as: { kind: 'text', value: 'USER', about: 'What this user may; for administrators' },
  },
  examples: [
    'auth can-i create workload -n team-a',
    'auth can-i reveal secret',
    'auth can-i --list',
    'auth can-i --list --as ada',
  ],

  async run({ verb, resource, namespace, list, as }, session) {
    const api = await session.api()
    if (list) return all(api, as, session)
    if (verb === undefined || resource === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'say what: a verb and a resource, or --list' })
    const answer = await api.call('auth.can', { verb, resource, namespace, as }, session.signal)
    await session.out.result(answer, ({ allowed }) => [allowed ? 'yes' : 'no'])
    return answer.allowed ? 0 : no
  },
})

async function all(api: Api, as: string | undefined, { out, signal }: Session): Promise<undefined> {
  const { grants, limits } = await api.call('auth.whoami', { as }, signal)
  const rows = grants.map(({ role, namespace, rules }) => ({ role, namespace, may: rulesInWords(rules) }))
  await out.result({ grants, limits }, async (_, style) => [
    ...(await style.table(rows, [
      { head: 'Role', cell: ({ role }) => role },
      { head: 'Where', cell: ({ namespace }) => namespace ?? 'everywhere' },
      { head: 'May', cell: ({ may }) => may },
    ])),
    ...limits.map((limit) => `Within: ${limit.map(({ rules }) => rulesInWords(rules)).join(' ')}`),
  ])
  return undefined
}
