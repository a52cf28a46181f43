import { command } from '../../line/command.ts'
import { namespaceOf, namespaceOption, valueOptions, valueSaid } from '../../work/secret-options.ts'

export default command({
  name: 'secret set',
  about: 'Give a secret a new value.',
  details:
    'Makes the secret if there is none of that name. The value is read from standard input, or from a file. Work that runs keeps what it has; ' +
    'it is given the new value when it starts next.',
  positionals: { name: { about: 'Name of the secret' } },
  options: { ...namespaceOption, ...valueOptions },
  examples: ['secret set db-password < password.txt', 'secret set tls-key --file server.key'],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    const value = await valueSaid(args, session)
    const api = await session.api()
    const changed = await api.call('secret.set', { name, namespace: namespaceOf(args, session), ...value }, signal)
    await out.result(changed, (secret) => [`${secret.name} has version ${secret.version} now`])
    return undefined
  },
})
