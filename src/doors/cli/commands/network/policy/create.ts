import { command } from '../../../line/command.ts'
import {
  contentOf,
  egressInWords,
  ingressInWords,
  networkPolicyFrom,
  networkPolicyOptions,
  selectInWords,
} from '../../../work/network-policy-options.ts'
import { namespaceOf, namespaceOption } from '../../../work/secret-options.ts'

export default command({
  name: 'network policy create',
  about: 'Say who may reach work of a namespace, or whom it may reach.',
  details:
    'Work that no policy is for is open. What one is for is closed, on the ways that it names, but for what any policy lets through. ' +
    'A connection needs the leave of both ends. Names may always be asked for, and the node itself always reaches its work.',
  positionals: { policy: { about: 'Name: a-z, 0-9 and -' } },
  options: { ...namespaceOption, ...networkPolicyOptions },
  examples: [
    'network policy create closed --deny-ingress',
    'network policy create web-only --deployment db --from web --port 5432',
    'network policy create no-internet --label app=batch --to-same-namespace --to-cidr 10.100.0.0/16',
    'network policy create from-file --file network-policy.yaml',
  ],

  async run({ policy: name, file, ...args }, session) {
    const { out, signal } = session
    const { content, place } = await networkPolicyFrom(file, session)
    const api = await session.api()
    const namespace = args.namespace ?? place ?? namespaceOf(args, session)
    const asked = { ...content, ...contentOf({ ...args, file }), name, namespace }
    const made = await api.call('networkpolicy.create', asked, signal)
    await out.result(made, (one) => [
      `${one.name} is for ${selectInWords(one.select)}, of which there is ${one.selected} now`,
      `lets in: ${ingressInWords(one)}`,
      `lets out: ${egressInWords(one)}`,
    ])
    return undefined
  },
})
