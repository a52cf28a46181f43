import { command } from '../../../line/command.ts'
import { facts, orDash } from '../../../show/words.ts'
import { egressInWords, ingressInWords, notKept, selectInWords } from '../../../work/network-policy-options.ts'
import { namespaceOf, namespaceOption } from '../../../work/secret-options.ts'

export default command({
  name: 'network policy info',
  about: 'Show one network policy: what it is for, what it lets through, and where it is not kept.',
  positionals: { policy: { about: 'Name of the policy' } },
  options: namespaceOption,
  examples: ['network policy info web-only', 'network policy info web-only --json'],

  async run({ policy: name, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('networkpolicy.info', { name, namespace: namespaceOf(args, session) }, signal)
    await out.result(found, (one) => [
      ...facts([
        ['Name', `${one.namespace}/${one.name}`],
        ['About', orDash(one.about)],
        ['For', `${selectInWords(one.select)}, of which there is ${one.selected} now`],
        ['Lets in', ingressInWords(one)],
        ['Lets out', egressInWords(one)],
        ['Created', `${one.createdAt} by ${one.createdBy}`],
        ['Changed', one.updatedAt],
      ]),
      ...notKept(one.unenforced),
    ])
    return undefined
  },
})
