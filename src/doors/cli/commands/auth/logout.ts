import { command } from '../../line/command.ts'
import { contextIn, local, readContexts, writeContexts } from '../../peer/contexts.ts'
import { nameOfContext } from '../../peer/target.ts'
import { ClawError } from '../../../../model/failure.ts'

export default command({
  name: 'auth logout',
  about: 'Forget the token of a context.',
  details:
    'It is forgotten here only: whoever else has it still gets in. `clawbernetes auth apikey revoke` makes an API key worthless everywhere. ' +
    'Keys of operators stay in their files.',
  positionals: {
    context: { about: 'Context to log out of; the one in use if left out', optional: true, completes: 'context' },
  },
  options: {},
  examples: ['auth logout lab', 'auth logout lab --json'],

  async run({ context: asked }, { host, out, contextName }) {
    const name = asked ?? (await nameOfContext(contextName, host)) ?? local
    if (name === local)
      throw new ClawError('INVALID_REQUEST', { problem: 'nobody is logged in to the daemon of this host' })
    const known = await readContexts(host)
    const { token, tokenFile, ...context } = contextIn(known, name)
    await writeContexts({ ...known, contexts: { ...known.contexts, [name]: context } }, host)
    const had = token !== undefined || tokenFile !== undefined
    await out.result({ context: name, forgotten: had }, () => [
      had ? `the token of ${name} is forgotten` : `there was no token of ${name}`,
    ])
    return undefined
  },
})
