import { command } from '../../../line/command.ts'
import {
  contentOf,
  egressInWords,
  ingressInWords,
  networkPolicyFrom,
  networkPolicyOptions,
} from '../../../work/network-policy-options.ts'
import { namespaceOf, namespaceOption } from '../../../work/secret-options.ts'

export default command({
  name: 'network policy update',
  about: 'Change a network policy.',
  details:
    'What is said of a way takes the place of all its rules; what is not named stays. Connections that are not let through any more end.',
  positionals: { policy: { about: 'Name of the policy' } },
  options: {
    ...namespaceOption,
    ...networkPolicyOptions,
    everything: { kind: 'flag', about: 'For all work of the namespace from now on' },
    'open-ingress': { kind: 'flag', about: 'Say nothing any more about who is let in' },
    'open-egress': { kind: 'flag', about: 'Say nothing any more about where to it is let out' },
  },
  examples: [
    'network policy update web-only --from web --from batch --port 5432',
    'network policy update web-only --deny-egress',
  ],

  async run({ policy: name, file, everything, ...args }, session) {
    const { out, signal } = session
    const { content, place } = await networkPolicyFrom(file, session)
    const api = await session.api()
    const changed = {
      ...content,
      ...contentOf({ ...args, file }),
      ...(everything && { select: {} }),
      ...(args['open-ingress'] && { ingress: null }),
      ...(args['open-egress'] && { egress: null }),
    }
    const namespace = args.namespace ?? place ?? namespaceOf(args, session)
    const after = await api.call('networkpolicy.update', { ...changed, name, namespace }, signal)
    await out.result(after, (one) => [`lets in: ${ingressInWords(one)}`, `lets out: ${egressInWords(one)}`])
    return undefined
  },
})
