import { command } from '../../../line/command.ts'
import { policyFacts } from '../../../show/lending-words.ts'
import { lendingPolicyFrom } from '../../../work/lending-policy-file.ts'

export default command({
  name: 'molt policy set',
  about: 'Set at which terms a node lends its GPUs to strangers.',
  details: 'All of the policy: what the file leaves out, the mode says. What was agreed before stays as it was agreed.',
  positionals: { file: { about: 'The policy as YAML, TOML or JSON; - for standard input' } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt policy set lending.yaml', 'molt policy set lending.yaml --node gpu-node-1'],

  async run({ file, node }, session) {
    const policy = await lendingPolicyFrom(file, session)
    const api = await session.api()
    await session.out.result(await api.call('moltpolicy.set', { policy, node }, session.signal), policyFacts)
    return undefined
  },
})
