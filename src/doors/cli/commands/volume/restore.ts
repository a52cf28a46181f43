import { command } from '../../line/command.ts'
import { bytesInWords, inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume restore',
  about: 'Put a snapshot back into its volume.',
  details:
    'Nothing may use the volume meanwhile. A local volume is then as it was; in a directory of a host, what came since stays beside it. The ' +
    'copy is checked before anything is touched.',
  positionals: { name: { about: 'Name of the volume' }, snapshot: { about: 'Id of the snapshot' } },
  options: namespaceOption,
  examples: ['volume restore training-data snap-x7k2m4q9ab', 'volume restore training-data snap-x7k2m4q9ab --json'],

  async run(args, { api: connect, out, signal, host }) {
    const input = { name: args.name, snapshot: args.snapshot, ...inNamespace(args, host) }
    const restored = await (await connect()).call('volume.restore', input, signal, 600_000)
    await out.result(restored, ({ name, snapshot, bytes }) => [
      `${name} is as it was at ${snapshot}: ${bytesInWords(bytes)}`,
    ])
    return undefined
  },
})
