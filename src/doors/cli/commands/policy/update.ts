import { command } from '../../line/command.ts'
import { headOf, ruleOptions, rulesInWords, rulesOf } from '../../work/policy-rules.ts'

export default command({
  name: 'policy update',
  about: 'Change a policy.',
  details: 'A rule that is said takes the place of the one of its kind; what is not named stays.',
  positionals: { policy: { about: 'Name of the policy' } },
  options: {
    ...ruleOptions,
    without: { kind: 'list', value: 'RULE', about: 'Take this rule away, such as maxGpus' },
    everywhere: { kind: 'flag', about: 'For the whole mesh from now on' },
  },
  examples: ['policy update no-latest --mode warn', 'policy update no-latest --max-gpus 8 --without requireLimits'],

  async run({ policy, without, everywhere, ...args }, { api: connect, out, signal }) {
    const api = await connect()
    const rules = { ...rulesOf(args), ...Object.fromEntries(without.map((rule) => [rule, null])) }
    const head = { ...headOf(args), ...(everywhere && { namespaces: null }) }
    const changed = await api.call('policy.update', { policy, ...head, rules }, signal)
    await out.result(changed, (one) => [
      `${one.name} ${one.mode === 'warn' ? 'warns' : 'is enforced'}: ${rulesInWords(one.rules)}`,
    ])
    return undefined
  },
})
