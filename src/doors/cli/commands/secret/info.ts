import { command } from '../../line/command.ts'
import { policyInWords, rotationInWords } from '../../show/secret-words.ts'
import { facts } from '../../show/words.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

export default command({
  name: 'secret info',
  about: 'Show one secret: its versions, who may have it, and which work still has an old version.',
  positionals: { name: { about: 'Name of the secret' } },
  options: namespaceOption,
  examples: ['secret info db-password', 'secret info db-password --json'],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('secret.info', { name, namespace: namespaceOf(args, session) }, signal)
    await out.result(found, (secret) =>
      facts([
        ['Name', `${secret.namespace}/${secret.name}`],
        ['Version', String(secret.version)],
        ['Who may have it', policyInWords(secret)],
        ['Rotation', rotationInWords(secret)],
        ...secret.versions.map(
          ({ version, at, by, how }) => [`Version ${version}`, `${how} by ${by} at ${at}`] as const,
        ),
        ...secret.users.map(
          ({ workload, state, version, isOld }) =>
            [
              `Given to ${workload}`,
              version === null
                ? `not yet, it is ${state}`
                : `version ${version}${isOld ? ', which is old: it keeps it until it starts next' : ''}`,
            ] as const,
        ),
        ['Created', `${secret.createdAt} by ${secret.createdBy}`],
      ]),
    )
    return undefined
  },
})
