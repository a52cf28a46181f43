import { command } from '../../line/command.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'
import { ClawError } from '../../../../model/failure.ts'

export default command({
  name: 'secret rollback',
  about: 'Have an earlier version of a secret given out again.',
  positionals: { name: { about: 'Name of the secret' } },
  options: {
    ...namespaceOption,
    to: {
      kind: 'number',
      value: 'VERSION',
      about: 'Number of the version; the one before the present one if left out',
    },
  },
  examples: ['secret rollback db-password --to 1', 'secret rollback tls-key'],

  async run({ name, to, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const namespace = namespaceOf(args, session)
    const version = to ?? (await before({ name, namespace }))
    const changed = await api.call('secret.rollback', { name, namespace, version }, signal)
    await out.result(changed, (secret) => [`${secret.name} is given out in version ${secret.version} again`])
    return undefined

    async function before(wanted: { readonly name: string; readonly namespace: string | undefined }): Promise<number> {
      const { versions, version: present } = await api.call('secret.info', wanted, signal)
      const earlier = versions.map((one) => one.version).filter((one) => one < present)
      if (earlier.length === 0)
        throw new ClawError('INVALID_REQUEST', { problem: `${name} has no version before ${present}` })
      return Math.max(...earlier)
    }
  },
})
