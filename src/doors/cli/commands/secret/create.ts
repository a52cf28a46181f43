import { command } from '../../line/command.ts'
import {
  namespaceOf,
  namespaceOption,
  policyOptions,
  policySaid,
  valueOptions,
  valueSaid,
} from '../../work/secret-options.ts'

export default command({
  name: 'secret create',
  about: 'Give the mesh a secret to keep.',
  details:
    'The value is read from standard input, or from a file; a line end behind it is left out. It is sealed by the peer that is asked: all others, and their ' +
    'disks, only ever have it sealed. Work is given it with run --secret or --secret-mount.',
  positionals: { name: { about: 'Name of the secret' } },
  options: { ...namespaceOption, ...valueOptions, ...policyOptions },
  examples: [
    'secret create db-password < password.txt',
    'secret create tls-key --file server.key --allow-workloads "web-*"',
    'secret create session-key --generate 48 --rotate-days 30 --rotate-length 48',
  ],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    // Otherwise the mesh makes the first value as well.
    const isMade = args['rotate-length'] !== undefined && args.file === undefined && args.literal === undefined
    const value = isMade && args.generate === undefined ? {} : await valueSaid(args, session)
    const api = await session.api()
    const namespace = namespaceOf(args, session)
    const made = await api.call('secret.create', { name, namespace, ...value, ...policySaid(args) }, signal)
    await out.result(made, (secret) => [
      `${secret.name} is kept: use it with  clawbernetes run --secret-mount /run/secrets/${secret.name}=${secret.name} …`,
    ])
    return undefined
  },
})
