import { command } from '../../line/command.ts'
import { contextIn, readContexts, writeContexts } from '../../peer/contexts.ts'

export default command({
  name: 'context rm',
  about: 'Forget a mesh and how to get in.',
  details: 'Nothing changes in the mesh itself.',
  positionals: { name: { about: 'Name of the context', completes: 'context' } },
  options: {},
  examples: ['context rm lab', 'context rm lab --json'],

  async run({ name }, { host, out }) {
    const known = await readContexts(host)
    contextIn(known, name)
    const contexts = Object.fromEntries(Object.entries(known.contexts).filter(([other]) => other !== name))
    const wasCurrent = known.current === name
    await writeContexts({ current: wasCurrent ? null : known.current, contexts }, host)
    await out.result({ name, removed: true }, () => [`${name} is forgotten`])
    if (wasCurrent) out.note('It was in use; from now on the daemon of this host is talked to.')
    return undefined
  },
})
