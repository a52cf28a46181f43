import { command } from '../../line/command.ts'
import { contextIn, local, readContexts, writeContexts } from '../../peer/contexts.ts'

export default command({
  name: 'context use',
  about: 'Talk to this mesh from now on.',
  positionals: {
    name: { about: `Name of the context, or ${local} for the daemon of this host`, completes: 'context' },
  },
  options: {},
  examples: ['context use lab', 'context use local'],

  async run({ name }, { host, out }) {
    const known = await readContexts(host)
    if (name !== local) contextIn(known, name)
    await writeContexts({ ...known, current: name === local ? null : name }, host)
    const env = host.env['CLAWBERNETES_CONTEXT']
    if (env !== undefined && env !== '' && env !== name)
      out.note(`In this shell CLAWBERNETES_CONTEXT says ${env}, which comes first.`)
    await out.result({ name }, () => [`${name} is in use`])
    return undefined
  },
})
