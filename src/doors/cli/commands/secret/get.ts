import { command } from '../../line/command.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'secret get',
  about: 'Print the value of a secret. That it was told, and to whom, is in its history.',
  details:
    'Only administrators may, unless somebody was given the permission. To look at all else of a secret, use secret info.',
  positionals: { name: { about: 'Name of the secret' } },
  options: {
    ...namespaceOption,
    version: { kind: 'number', value: 'N', about: 'Of this version; of the present one if left out' },
  },
  examples: ['secret get db-password', 'secret get db-password --version 1 --json'],

  async run({ name, version, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const told = await api.call('secret.get', { name, version, namespace: namespaceOf(args, session) }, signal)
    await out.result(told, ({ value, valueBase64 }) => [value ?? valueBase64])
    if (told.value === null) out.note('it is no text: this is its base64')
    return undefined
  },
})
