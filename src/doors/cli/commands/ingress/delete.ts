import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'ingress delete',
  about: 'Let those requests reach the deployment no more.',
  positionals: { name: { about: 'Name of the ingress' } },
  options: { ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['ingress delete site --yes', 'ingress delete site -y --json'],

  async run({ name, yes, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const named = { name, namespace: namespaceOf(args, session) }
    const { host, path } = await api.call('ingress.info', named, signal)
    await confirm([`Requests for ${host}${path} will be answered with 404.`], { ...session, yes })
    await out.result(await api.call('ingress.delete', named, signal), () => [`${name} is gone`])
    return undefined
  },
})
