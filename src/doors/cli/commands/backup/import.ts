import { command } from '../../line/command.ts'
import { storeAt, storeOptions } from '../../work/store-words.ts'
import { bytesInWords, inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'backup import',
  about: 'Take in a backup of volumes that is there already, such as one of a mesh that was lost.',
  details:
    'Every byte is read and opened first, with what was the secret backup-key when it was made: keep that in a secret of the namespace, and name it ' +
    'with --secret. From then on it is listed, verified and restored like any other. `backup delete` forgets it and leaves its files alone.',
  positionals: { backup: { about: 'Its id, which is the name of its folder' } },
  options: {
    ...namespaceOption,
    from: { kind: 'text', value: 'DIR', about: 'Directory of the node that its folder is in' },
    ...storeOptions,
    node: { kind: 'text', value: 'NODE', about: 'The node that reads it; the one that is asked if left out' },
    secret: { kind: 'text', value: 'NAME', about: 'Secret with what it is encrypted with; backup-key if left out' },
    detach: { kind: 'flag', short: 'd', about: 'Do not wait until it is read' },
  },
  examples: [
    'backup import bak-x7k2m4q9ab --from /srv/backups --node gpu-node-1 --secret old-backup-key',
    'backup import bak-x7k2m4q9ab --s3 https://s3.example.com/my-bucket/mesh --s3-secret store --json',
  ],

  async run({ backup, from, s3, node, secret, detach, ...args }, { api: connect, out, signal, host }) {
    const input = {
      ...{ backup, ...inNamespace(args, host), directory: from, node, detach },
      ...(secret !== undefined && { secret }),
      ...(s3 !== undefined && { s3: storeAt(s3, args) }),
    }
    for await (const item of (await connect()).stream('backup.import', input, signal)) {
      if (item.backup === null) out.note(`${bytesInWords(item.bytes)} read so far`)
      else
        await out.result(item.backup, ({ id, state, bytes, volumes }) => [
          state === 'complete'
            ? `${id} is whole: ${volumes.join(', ')}, ${bytesInWords(bytes)}`
            : `${id} is being read`,
        ])
    }
    return undefined
  },
})
