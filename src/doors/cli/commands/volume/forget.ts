import { command } from '../../line/command.ts'
import { inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume forget',
  about: 'Remove one snapshot of a volume.',
  positionals: { name: { about: 'Name of the volume' }, snapshot: { about: 'Id of the snapshot' } },
  options: namespaceOption,
  examples: ['volume forget training-data snap-x7k2m4q9ab', 'volume forget training-data snap-x7k2m4q9ab --json'],

  async run(args, { api: connect, out, signal, host }) {
    const input = { name: args.name, snapshot: args.snapshot, ...inNamespace(args, host) }
    await out.result(await (await connect()).call('volume.forget', input, signal), ({ snapshot }) => [
      `${snapshot} is gone`,
    ])
    return undefined
  },
})
