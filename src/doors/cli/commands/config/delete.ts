import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'config delete',
  about: 'Take a config map away.',
  details: 'Work that has it keeps it until it ends; when it is started again without the config map, it fails.',
  positionals: { name: { about: 'Name of the config map' } },
  options: { ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['config delete app --yes', 'config delete prompts -y --json'],

  async run({ name, yes, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const namespace = namespaceOf(args, session)
    const { users } = await api.call('config.get', { name, namespace }, signal)
    await confirm([`The config map ${name} will be gone. ${users.length} workload(s) are given it.`], {
      ...session,
      yes,
    })
    await out.result(await api.call('config.delete', { name, namespace }, signal), () => [`${name} is gone`])
    return undefined
  },
})
