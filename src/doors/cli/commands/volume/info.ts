import { command } from '../../line/command.ts'
import { facts, orDash } from '../../show/words.ts'
import { bytesInWords, inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume info',
  about: 'Show one volume: where its data is, who uses it, and its snapshots.',
  positionals: { name: { about: 'Name of the volume' } },
  options: namespaceOption,
  examples: ['volume info training-data', 'volume info training-data --json'],

  async run(args, { api: connect, out, signal, host }) {
    const input = { name: args.name, ...inNamespace(args, host) }
    const found = await (await connect()).call('volume.info', input, signal)
    await out.result(found, (one) =>
      facts([
        ['Name', one.name],
        ['Namespace', one.namespace],
        ['Type', one.type],
        ['Access', one.accessMode],
        ['Directory', orDash(one.hostPath ?? (one.server === null ? null : `${one.server}:${one.path ?? ''}`))],
        ...(one.store === null ? [] : [['Store', `${one.store} with the keys in ${one.secret ?? ''}`] as const]),
        ['Size', one.sizeMib === null ? '—' : `${one.sizeMib} MiB`],
        ['Node', orDash(one.node)],
        ['Used by', orDash(one.users.join(', '))],
        ['Created', `${one.createdAt} by ${one.createdBy}`],
        ...one.snapshots.map(({ id, at, node, bytes }): [string, string] => [
          'Snapshot',
          `${id}  ${at}  ${bytesInWords(bytes)} on ${node}`,
        ]),
      ]),
    )
    return undefined
  },
})
