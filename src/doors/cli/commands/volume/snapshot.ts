import { command } from '../../line/command.ts'
import { bytesInWords, inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume snapshot',
  about: 'Copy what is in a volume.',
  details:
    'The copy is kept on the node where the data is, with its checksum. Work that writes meanwhile is copied as it is found: stop it first ' +
    'for a copy of one moment.',
  positionals: { name: { about: 'Name of the volume' } },
  options: namespaceOption,
  examples: ['volume snapshot training-data', 'volume snapshot training-data --json'],

  async run(args, { api: connect, out, signal, host }) {
    const input = { name: args.name, ...inNamespace(args, host) }
    for await (const item of (await connect()).stream('volume.snapshot', input, signal)) {
      if (!item.isDone) out.note(`${bytesInWords(item.bytes)} so far`)
      else await out.result(item, ({ id, bytes }) => [`${id ?? ''}: ${bytesInWords(bytes)}`])
    }
    return undefined
  },
})
