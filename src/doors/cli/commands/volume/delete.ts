import { command } from '../../line/command.ts'
import { inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume delete',
  about: 'Take a volume away that nothing uses.',
  details: 'Its data and its snapshots go with it. A directory of a host, or of a server, stays as it is.',
  positionals: { name: { about: 'Name of the volume' } },
  options: namespaceOption,
  examples: ['volume delete scratch', 'volume delete scratch --json'],

  async run(args, { api: connect, out, signal, host }) {
    const input = { name: args.name, ...inNamespace(args, host) }
    await out.result(await (await connect()).call('volume.delete', input, signal), ({ name }) => [`${name} is gone`])
    return undefined
  },
})
