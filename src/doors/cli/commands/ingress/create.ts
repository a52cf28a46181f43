import { ingressOptions, nodesSaid } from '../../work/ingress-options.ts'
import { command } from '../../line/command.ts'
import { namespaceOf } from '../../work/secret-options.ts'

export default command({
  name: 'ingress create',
  about: 'Let requests from outside reach a deployment.',
  details:
    'They are taken at every node whose configuration has [ingress] listen or tls_listen. The longest path goes first, and a whole host before a wildcard. ' +
    'A host belongs to the namespace that names it first.',
  positionals: { name: { about: 'Name of the ingress' } },
  options: ingressOptions,
  examples: [
    'ingress create site --host app.example.org --to web',
    'ingress create shop --host shop.example.org --to web --acme',
    'ingress create docs --host app.example.org --path /docs --to web --strip',
    "ingress create tenants --host '*.example.net' --to web --node-label zone=edge",
  ],

  async run({ name, host, path, to, strip, acme, 'node-label': labels, ...args }, session) {
    const { out, signal, api } = session
    const asked = {
      name,
      namespace: namespaceOf(args, session),
      host: host ?? '',
      path,
      deployment: to ?? '',
      strip,
      acme,
    }
    const made = await (await api()).call('ingress.create', { ...asked, nodes: nodesSaid(labels) ?? {} }, signal)
    await out.result(made, (one) => [`requests for ${one.host}${one.path} go to ${one.deployment}`])
    return undefined
  },
})
