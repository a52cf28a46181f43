import { command } from '../../line/command.ts'
import { headOf, policyFrom, requireRules, ruleOptions, rulesInWords, rulesOf } from '../../work/policy-rules.ts'

export default command({
  name: 'policy create',
  about: 'Make a policy: what work may be, for some namespaces or the whole mesh.',
  details:
    'Work that does not keep to it is refused from then on; what runs goes on. `policy validate` says beforehand what that would be.',
  positionals: { policy: { about: 'Name: a-z, 0-9 and -' } },
  options: {
    file: { kind: 'text', value: 'FILE', about: 'The policy as YAML, TOML or JSON; options go over it' },
    ...ruleOptions,
  },
  examples: [
    'policy create no-latest --deny-image "*:latest" --require-limit memory',
    'policy create team-a-images --in-namespace team-a --allow-registry ghcr.io --mode warn',
    'policy create from-file --file policy.yaml',
  ],

  async run({ policy: name, file, ...args }, session) {
    const { out, signal } = session
    const base = file === undefined ? { rules: {} } : await policyFrom(file, session)
    const rules = requireRules({ ...base.rules, ...rulesOf(args) })
    const api = await session.api()
    const made = await api.call('policy.create', { ...base, ...headOf(args), name, rules }, signal)
    await out.result(made, (one) => [
      `${one.name} ${one.mode === 'warn' ? 'warns' : 'is enforced'}: ${rulesInWords(one.rules)}`,
    ])
    return undefined
  },
})
