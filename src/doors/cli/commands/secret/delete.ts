import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'secret delete',
  about: 'Forget a secret, with all of its versions.',
  details: 'Work that has it keeps it until it ends; when it is started again without the secret, it fails.',
  positionals: { name: { about: 'Name of the secret' } },
  options: { ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['secret delete db-password --yes', 'secret delete tls-key -y --json'],

  async run({ name, yes, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const namespace = namespaceOf(args, session)
    const { users } = await api.call('secret.info', { name, namespace }, signal)
    const plan = [
      `The secret ${name} will be forgotten. This cannot be undone. ${users.length} workload(s) are given it:`,
      ...users.slice(0, 8).map(({ workload }) => `  ${workload}`),
    ]
    await confirm(plan, { ...session, yes })
    await out.result(await api.call('secret.delete', { name, namespace }, signal), () => [`${name} is gone`])
    return undefined
  },
})
