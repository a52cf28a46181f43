import { command } from '../../line/command.ts'
import { configData, configOptions } from '../../work/config-data.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'config update',
  about: 'Change keys of a config map.',
  details: 'What is not named stays. Work that runs keeps what it has; it is given the new words when it starts next.',
  positionals: { name: { about: 'Name of the config map' } },
  options: {
    ...namespaceOption,
    ...configOptions,
    remove: { kind: 'list', value: 'KEY', about: 'Take this key away' },
    replace: { kind: 'flag', about: 'What is not named goes' },
    immutable: { kind: 'flag', about: 'It cannot be changed after this' },
  },
  examples: ['config update app --data LOG_LEVEL=debug', 'config update app --remove REGION --data ZONE=a'],

  async run({ name, remove, replace, immutable, ...args }, session) {
    const { out, signal } = session
    const data = { ...(await configData(args)), ...Object.fromEntries(remove.map((key) => [key, null])) }
    const api = await session.api()
    const said = { name, namespace: namespaceOf(args, session), data, replace, ...(immutable ? { immutable } : {}) }
    const changed = await api.call('config.update', said, signal)
    await out.result(changed, (config) => [`${config.name} has version ${config.version} now`])
    return undefined
  },
})
