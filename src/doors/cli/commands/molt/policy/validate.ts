import { lendingModes } from '../../../../../model/molt-policy.ts'
import { command } from '../../../line/command.ts'
import { policyFacts } from '../../../show/lending-words.ts'
import { lendingPolicyFrom } from '../../../work/lending-policy-file.ts'

export default command({
  name: 'molt policy validate',
  about: 'Say what would follow from a policy for lending, without setting it.',
  positionals: { file: { about: 'The policy as YAML, TOML or JSON; - for standard input' } },
  options: {
    mode: {
      kind: 'text',
      value: 'MODE',
      choices: lendingModes,
      about: 'As if the node lent so; as it does if left out',
    },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt policy validate lending.yaml', 'molt policy validate lending.yaml --mode aggressive --json'],

  async run({ file, mode: asked, node }, session) {
    const mode = lendingModes.find((one) => one === asked)
    const policy = await lendingPolicyFrom(file, session)
    const api = await session.api()
    const said = await api.call('moltpolicy.validate', { policy, mode, node }, session.signal)
    await session.out.result(said, (view) => [
      ...policyFacts(view),
      ...view.warnings.map((warning) => `warning: ${warning}`),
    ])
    return undefined
  },
})
