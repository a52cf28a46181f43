import { command } from '../../line/command.ts'
import { local } from '../../peer/contexts.ts'
import { nameOfContext } from '../../peer/target.ts'

export default command({
  name: 'context current',
  about: 'Say which mesh is talked to.',
  details: 'Asks nobody, so that it can be part of a prompt.',
  positionals: {},
  options: {},
  examples: ['context current', 'context current --json'],

  async run(_, { host, out, contextName }) {
    const name = (await nameOfContext(contextName, host)) ?? local
    await out.result({ name }, () => [name])
    return undefined
  },
})
