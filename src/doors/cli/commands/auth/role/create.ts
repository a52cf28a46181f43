import { command } from '../../../line/command.ts'
import { roleFacts } from '../../../show/access.ts'

export default command({
  name: 'auth role create',
  about: 'Make a role out of rules.',
  details:
    'A rule is VERBS:RESOURCES, or VERBS:RESOURCES@NAMESPACES, with commas between several and * for every one; or another role, for all of its rules. ' +
    'The verbs are read, create, stop, change, remove, invoke, exec, connect, reveal, use, spend and recover. Nobody can make a role that may more than they may themselves.',
  positionals: { role: { about: 'Name: a-z, 0-9 and -' } },
  options: {
    rule: { kind: 'list', short: 'r', value: 'RULE', about: 'What it may do; repeat for more' },
    about: { kind: 'text', value: 'TEXT', about: 'What it is for' },
  },
  examples: [
    'auth role create debugger --rule read:workload --rule exec,connect:workload',
    'auth role create release-manager -r viewer -r create,stop:workload@prod --about "Rolls out"',
  ],

  async run({ role, rule, about }, { api: connect, out, signal }) {
    const api = await connect()
    const made = await api.call('role.create', { role, rules: [...rule], about }, signal)
    await out.result(made, (one) => roleFacts(one))
    return undefined
  },
})
