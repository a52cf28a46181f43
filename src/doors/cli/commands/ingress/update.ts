import { command } from '../../line/command.ts'
import { ingressOptions, nodesSaid } from '../../work/ingress-options.ts'
import { namespaceOf } from '../../work/secret-options.ts'

export default command({
  name: 'ingress update',
  about: 'Change an ingress.',
  details: 'What is not named stays. Requests that are under way are answered by whom they were given to.',
  positionals: { name: { about: 'Name of the ingress' } },
  options: {
    ...ingressOptions,
    'no-strip': { kind: 'flag', about: 'Leave the path as it is' },
    'no-acme': { kind: 'flag', about: 'Order no certificate for the host' },
    'all-nodes': { kind: 'flag', about: 'Every node takes the requests' },
  },
  examples: ['ingress update site --path /shop', 'ingress update site --to web --no-strip --all-nodes'],

  async run({ name, host, path, to, strip, acme, 'node-label': labels, ...args }, session) {
    const { out, signal, api } = session
    const changed = {
      ...{ host, path, deployment: to },
      ...(strip && { strip: true }),
      ...(args['no-strip'] && { strip: false }),
      ...(acme && { acme: true }),
      ...(args['no-acme'] && { acme: false }),
      nodes: args['all-nodes'] ? {} : nodesSaid(labels),
    }
    const named = { name, namespace: namespaceOf(args, session) }
    const after = await (await api()).call('ingress.update', { ...named, ...changed }, signal)
    await out.result(after, (one) => [`requests for ${one.host}${one.path} go to ${one.deployment}`])
    return undefined
  },
})
