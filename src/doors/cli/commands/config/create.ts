import { command } from '../../line/command.ts'
import { configData, configOptions } from '../../work/config-data.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'config create',
  about: 'Make a config map: words for work that are no secrets.',
  details: 'Work is given it with run --config, each key as a variable, or --config-mount, each key as a file.',
  positionals: { name: { about: 'Name of the config map' } },
  options: {
    ...namespaceOption,
    ...configOptions,
    immutable: { kind: 'flag', about: 'It cannot be changed later' },
  },
  examples: [
    'config create app --data LOG_LEVEL=info --data REGION=eu',
    'config create prompts --from-file system=prompt.txt --immutable',
  ],

  async run({ name, immutable, ...args }, session) {
    const { out, signal } = session
    const data = await configData(args)
    const api = await session.api()
    const namespace = namespaceOf(args, session)
    const made = await api.call('config.create', { name, namespace, data, immutable }, signal)
    await out.result(made, (config) => [
      `${config.name} is there: use it with  clawbernetes run --config ${config.name} …`,
    ])
    return undefined
  },
})
