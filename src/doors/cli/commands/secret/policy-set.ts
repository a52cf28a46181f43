import { command } from '../../line/command.ts'
import { namespaceOf, namespaceOption, policyOptions, policySaid } from '../../work/secret-options.ts'
import { policyInWords } from '../../show/secret-words.ts'

export default command({
  name: 'secret policy set',
  about: 'Say which work may be given a secret, and when a new value is due.',
  details:
    'What is not said stays as it is; an empty word, as in --allow-workloads "", takes a list away. Where names and labels are allowed, ' +
    'either is enough; a denial goes before both.',
  positionals: { name: { about: 'Name of the secret' } },
  options: { ...namespaceOption, ...policyOptions },
  examples: [
    'secret policy set db-password --allow-workloads "train-*,web" --deny-workloads train-old',
    'secret policy set db-password --allow-labels team=vision --rotate-days 90',
  ],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const said = { name, namespace: namespaceOf(args, session), ...policySaid(args) }
    const changed = await api.call('secret.policy', said, signal)
    await out.result(changed, (secret) => [`${secret.name}: ${policyInWords(secret)}`])
    return undefined
  },
})
