import { command } from '../../line/command.ts'
import { facts, orDash } from '../../show/words.ts'
import { rulesInWords } from '../../work/policy-rules.ts'

export default command({
  name: 'policy info',
  about: 'Show one policy: its rules, and for whose work they are.',
  positionals: { policy: { about: 'Name of the policy' } },
  options: {},
  examples: ['policy info no-latest', 'policy info no-latest --json'],

  async run({ policy }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('policy.info', { policy }, signal), (one) =>
      facts([
        ['Name', one.name],
        ['Mode', one.mode],
        ['For', one.namespaces?.join(', ') ?? 'the whole mesh'],
        ...Object.entries(one.rules).map(
          ([rule, value]) => [rule, rulesInWords({ [rule]: value }).replace(`${rule} `, '')] as const,
        ),
        ['About', orDash(one.about)],
        ['Created', `${one.createdAt} by ${one.createdBy}`],
        ['Changed', one.updatedAt],
      ]),
    )
    return undefined
  },
})
