import { command } from '../../line/command.ts'
import { pairsOf } from '../../line/pairs.ts'
import { storeAt, storeOptions } from '../../work/store-words.ts'
import { inNamespace, namespaceOption } from '../../work/volume-words.ts'

export default command({
  name: 'volume create',
  about: 'Make a volume, which work mounts by its name.',
  details:
    'local is a volume of the engine on one node: the one that you name, or the first on which work uses it; work that mounts it goes there. ' +
    'hostpath is a directory that the owner of the node lets be mounted. tmpfs is memory, gone with its last user. nfs is a directory of a server. ' +
    's3 is what a store of objects holds below a prefix: each node that runs work with it copies it first, and the work only reads; with ' +
    '--access RWO one node does, its work writes, and `volume push` puts back what that has changed. ' +
    'Mount it with --volume NAME:/path.',
  positionals: { name: { about: 'Name: a-z, 0-9 and -' } },
  options: {
    ...namespaceOption,
    type: {
      kind: 'text',
      value: 'TYPE',
      choices: ['local', 'hostpath', 'tmpfs', 'nfs', 's3'],
      about: 'local if left out',
    },
    'host-path': { kind: 'text', value: 'DIR', about: 'Directory of the node, of a hostpath' },
    size: { kind: 'text', value: 'SIZE', about: 'How large it may become: 10Gi; kept to for tmpfs and s3' },
    access: {
      kind: 'text',
      value: 'MODE',
      choices: ['RWO', 'ROX', 'RWX'],
      about: 'RWO (one node), ROX (read), RWX (all); of a store ROX if left out, or RWO',
    },
    label: { kind: 'list', value: 'NAME=VALUE', about: 'By which backups find it' },
    node: { kind: 'text', value: 'NODE', about: 'Where its data is' },
    server: { kind: 'text', value: 'HOST', about: 'Server, of a volume of NFS' },
    path: { kind: 'text', value: 'DIR', about: 'Directory of the server' },
    ...storeOptions,
    'nfs-options': { kind: 'text', value: 'OPTIONS', about: 'Further mount options, such as nfsvers=4,soft' },
  },
  examples: [
    'volume create training-data --node gpu-node-1',
    'volume create scratch --type tmpfs --size 2Gi',
    'volume create models --type nfs --server nas.example.com --path /models --access ROX',
    'volume create results --s3 https://s3.example.com/runs/7 --s3-secret store --access RWO',
    'volume create weights --s3 https://s3.example.com/models/llama --s3-secret store --size 40Gi',
  ],

  async run(args, { api: connect, out, signal, host }) {
    const { name, size, access, node, server, path, s3 } = args
    const type = args.type ?? (s3 === undefined ? undefined : 's3')
    const input = {
      ...{ name, ...inNamespace(args, host), size, node, server, path },
      ...(args.label.length > 0 && { labels: pairsOf(args.label, '--label') }),
      ...(type !== undefined && { type: type as 'local' }),
      ...(access !== undefined && { accessMode: access as 'RWO' }),
      ...(s3 !== undefined && { s3: storeAt(s3, args) }),
      ...(args['host-path'] !== undefined && { hostPath: args['host-path'] }),
      ...(args['nfs-options'] !== undefined && { options: args['nfs-options'] }),
    }
    const made = await (await connect()).call('volume.create', input, signal)
    await out.result(made, (one) => [
      `${one.name} is there: mount it with  clawbernetes run --volume ${one.name}:/data …`,
    ])
    return undefined
  },
})
