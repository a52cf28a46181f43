import { command } from '../../line/command.ts'
import { defaultKeyFile, ensureOperatorKey, operatorId } from '../../peer/operator-key.ts'

export default command({
  name: 'operator key',
  about: 'Show the id of your operator key, made now if there is none.',
  details: 'The key stays in its file. Give the id to somebody who may add operators.',
  positionals: {},
  options: {
    file: { kind: 'text', value: 'FILE', about: 'Where the key is; ~/.config/clawbernetes/operator.key if left out' },
  },
  examples: ['operator key', 'operator key --file ./ci.key'],

  async run({ file: given }, { out, host }) {
    const file = given ?? defaultKeyFile(host)
    const key = operatorId(await ensureOperatorKey(file))
    out.note(`Let it in on any member:  clawbernetes operator add NAME ${key}`)
    await out.result({ key, file }, () => [key])
    return undefined
  },
})
