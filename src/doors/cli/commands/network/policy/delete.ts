import { confirm } from '../../../confirm.ts'
import { command } from '../../../line/command.ts'
import { selectInWords } from '../../../work/network-policy-options.ts'
import { namespaceOf, namespaceOption } from '../../../work/secret-options.ts'

export default command({
  name: 'network policy delete',
  about: 'Take a network policy away.',
  details: 'What no other policy is for is open then.',
  positionals: { policy: { about: 'Name of the policy' } },
  options: { ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['network policy delete web-only --yes', 'network policy delete web-only -y --json'],

  async run({ policy: name, yes, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const named = { name, namespace: namespaceOf(args, session) }
    const { select, selected } = await api.call('networkpolicy.info', named, signal)
    await confirm([`It is for ${selectInWords(select)}, of which there is ${selected} now.`], { ...session, yes })
    await out.result(await api.call('networkpolicy.delete', named, signal), () => [`${name} is gone`])
    return undefined
  },
})
