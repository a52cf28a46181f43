import { ClawError } from '../../../../model/failure.ts'
import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { disputeFacts } from '../../show/dispute-words.ts'

export default command({
  name: 'molt verdict',
  about: 'As an arbiter, sign what the provider of an agreement gets.',
  details:
    'It says what it is about to sign, and asks. All arbiters that were agreed on have to sign the same; until then each may sign something else. Then the agreement is closed at that, and what is ' +
    'left goes back to its buyer. Look at what was put forward first: `molt dispute info`, and `molt dispute evidence --export`.',
  positionals: { dispute: { about: 'Id of its agreement, or the beginning of it' } },
  options: {
    'provider-share': {
      kind: 'text',
      value: 'SHARE',
      about: 'Of what is set aside, such as 60%; or MOLT, such as 1.25',
    },
    node: { kind: 'text', value: 'NODE', about: 'Which node judges; the one you talk to if left out' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: [
    'molt verdict 3f9a2c41 --provider-share 60% --yes',
    'molt verdict 3f9a2c41 --provider-share 1.25 --yes --json',
  ],

  async run({ dispute, 'provider-share': providerShare, node, yes }, session) {
    const { out, signal } = session
    if (providerShare === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'it takes --provider-share' })
    const api = await session.api()
    const plan = await api.call('molt.verdict', { dispute, providerShare, node, dryRun: true }, signal)
    const lines = [
      `The provider gets ${plan.provided.inWords} of ${plan.hold.inWords}, and the buyer ${plan.back.inWords} back.`,
    ]
    await confirm(lines, { ...session, yes })
    await out.result(
      await api.call('molt.verdict', { dispute: plan.agreement, providerShare, node }, signal),
      disputeFacts,
    )
    return undefined
  },
})
