import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'
import { namespaceOf, namespaceOption, valueOptions, valueSaid } from '../../work/secret-options.ts'

export default command({
  name: 'secret rotate',
  about: 'Give a secret its next value: a new one, or one that the mesh makes.',
  details:
    'Without a value, the mesh makes one if it was told how long (--rotate-length). Work that runs keeps what it has until it starts next; ' +
    'secret info says which work that is.',
  positionals: { name: { about: 'Name of the secret' } },
  options: { ...namespaceOption, ...valueOptions, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['secret rotate session-key --yes', 'secret rotate db-password --file password.txt -y'],

  async run({ name, yes, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const namespace = namespaceOf(args, session)
    const { rotation, users } = await api.call('secret.info', { name, namespace }, signal)
    const isTold = [args.file, args.literal, args.generate].some((way) => way !== undefined)
    const value = isTold || (rotation?.length ?? null) === null ? await valueSaid(args, session) : {}
    await confirm(
      [
        `The secret ${name} will have another value. ${users.length} workload(s) have it, and keep the old value until they start next:`,
        ...users.slice(0, 8).map(({ workload }) => `  ${workload}`),
      ],
      { ...session, yes },
    )
    const rotated = await api.call('secret.rotate', { name, namespace, ...value }, signal)
    await out.result(rotated, (secret) => [`${secret.name} has version ${secret.version} now`])
    return undefined
  },
})
