import { command } from '../../line/command.ts'
import { facts } from '../../show/words.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'config get',
  about: 'Show one config map with all of its keys.',
  positionals: { name: { about: 'Name of the config map' } },
  options: namespaceOption,
  examples: ['config get app', 'config get app --json'],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('config.get', { name, namespace: namespaceOf(args, session) }, signal)
    await out.result(found, (config) =>
      facts([
        ['Name', `${config.namespace}/${config.name}`],
        ['Version', `${config.version}${config.immutable ? ', which stays: it cannot be changed' : ''}`],
        ...Object.entries(config.data).map(([key, value]) => [key, value] as const),
        ['Given to', config.users.length === 0 ? '-' : config.users.join(', ')],
        ['Changed', config.updatedAt],
      ]),
    )
    return undefined
  },
})
