/** Volumes: where work keeps its data. */
import { z } from 'zod'
import { usersOf } from '../../core/state/volumes.ts'
import { formatMib, parseMemoryMib } from '../../lib/units.ts'
import { bucketText } from '../../model/bucket.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { Volume, VolumeType } from '../../model/volume.ts'
import {
  absolutePath,
  accessModes,
  nfsOptions,
  nfsServer,
  volumeKey,
  volumeLabels,
  volumeName,
  volumeTypes,
} from '../../model/volume.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { bucketFields, iso, nodeRef, time } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'

const named = {
  name: volumeName,
  namespace: namespaceName.default(defaultNamespace).describe('Whose it is'),
}

export const VolumeView = z.object({
  name: z.string(),
  namespace: z.string(),
  type: z.enum(volumeTypes),
  accessMode: z.enum(accessModes),
  hostPath: z.string().nullable(),
  server: z.string().nullable().describe('Of a volume of NFS'),
  path: z.string().nullable(),
  store: z.string().nullable().describe('Of a volume of S3: endpoint, bucket and prefix'),
  secret: z.string().nullable().describe('With the keys of that store'),
  sizeMib: z.int().nullable(),
  labels: z.record(z.string(), z.string()),
  node: z.string().nullable().describe('Where its data is; null until work has used it, and of what is no node’s'),
  users: z.array(z.string()).describe('Workloads that name it and have not ended'),
  createdAt: time,
  createdBy: z.string(),
  snapshots: z.array(
    z.object({ id: z.string(), at: time, by: z.string(), node: z.string(), bytes: z.int(), sha256: z.string() }),
  ),
})
type VolumeView = z.infer<typeof VolumeView>

/** Other names for the same. */
const aliases: Readonly<Record<string, VolumeType>> = { emptydir: 'local', docker: 'local', 'host-path': 'hostpath' }

const type = z.preprocess(
  (value) => (typeof value === 'string' ? (aliases[value.toLowerCase()] ?? value.toLowerCase()) : value),
  z.enum(volumeTypes, { error: 'must be local, hostpath, tmpfs, nfs or s3' }),
)

export const volumeCreate = unary({
  name: 'volume.create',
  about: 'Make a volume, which work of its namespace mounts by its name: --volume data:/data.',
  input: z.strictObject({
    ...named,
    type: type.default('local').describe('local (or emptydir), hostpath, tmpfs, nfs or s3'),
    hostPath: absolutePath
      .optional()
      .describe('Of a hostpath: a directory that the owners of the nodes let be mounted'),
    size: z
      .union([z.string().max(32), z.int().min(1)])
      .optional()
      .describe('How large it may become: 10Gi. Kept to for tmpfs and s3; elsewhere it is said and not enforced'),
    accessMode: z
      .enum(accessModes)
      .optional()
      .describe(
        'RWO: work of one node; ROX: only read; RWX: from anywhere. RWO if left out, RWX for nfs and tmpfs, ROX for s3. An s3 with RWO is written on one node, and put back by volume.push',
      ),
    node: nodeRef.optional().describe('Where its data is; otherwise where it is first used'),
    server: nfsServer.optional().describe('Of a volume of NFS'),
    path: absolutePath.optional().describe('Directory of the server'),
    labels: volumeLabels.optional().describe('By which backups find it'),
    s3: z
      .strictObject(bucketFields)
      .optional()
      .describe('Of a volume of S3: a store of objects, which work reads a copy of'),
    options: nfsOptions.default('').describe('Further mount options of NFS, such as nfsvers=4'),
  }),
  output: VolumeView,
  permission: { verb: 'create', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  // What it names of the host is as good as mounted.
  // And the store is told a part of the secret, and whoever runs it was named here.
  needs: ({ type: kind, s3 }) => [
    ...(kind === 'hostpath' ? [{ verb: 'use', resource: 'host-mount' } as const] : []),
    ...(s3 === undefined ? [] : [{ verb: 'reveal', resource: 'secret' } as const]),
  ],
  rest: { method: 'POST', path: '/api/volumes' },
  async handler({ name, namespace, node, size, labels, ...asked }, context, { caller, signal }) {
    await refresh(context, signal)
    const at = node === undefined ? null : findNode(context.control.state, node)
    const volume = {
      ...madeOf(asked),
      sizeMib: size === undefined ? null : mibOf(size),
      node: at,
      ...(labels && { labels }),
    }
    await carryOut('volume', { type: 'create-volume', namespace, name, volume }, { context, caller, signal })
    return viewOf(find(context, namespace, name), context)
  },
})

interface Asked {
  readonly type: VolumeType
  readonly hostPath?: string | undefined
  readonly accessMode?: Volume['access'] | undefined
  readonly server?: string | undefined
  readonly path?: string | undefined
  readonly s3?: Volume['s3'] | undefined
  readonly options: string
}

const usualAccess: Readonly<Record<VolumeType, Volume['access']>> = {
  ...{ local: 'RWO', hostpath: 'RWO', tmpfs: 'RWX', nfs: 'RWX', s3: 'ROX' },
}

/** Throws INVALID_REQUEST for what does not go together. */
function madeOf({ type: kind, hostPath, accessMode, server, path, s3, options }: Asked) {
  const wrong = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
  if ((kind === 'hostpath') !== (hostPath !== undefined)) throw wrong('a hostpath, and only that, takes a hostPath')
  if ((kind === 'nfs') !== (server !== undefined && path !== undefined))
    throw wrong('a volume of NFS, and only that, takes a server and a path')
  if ((kind === 's3') !== (s3 !== undefined)) throw wrong('a volume of S3, and only that, takes a store of objects')
  const access = accessMode ?? usualAccess[kind]
  if (kind === 's3' && access === 'RWX')
    throw wrong('a volume of S3 is read anywhere (ROX), or written on one node and put back (RWO)')
  if (kind === 'local' && access === 'RWX') throw wrong('a local volume is on one node: take nfs for RWX')
  const nfs = server === undefined || path === undefined ? null : { server, path, options }
  return { type: kind, access, hostPath: hostPath ?? null, nfs, ...(s3 !== undefined && { s3 }) }
}

function mibOf(size: string | number): number {
  const mib = typeof size === 'number' ? size : parseMemoryMib(size)
  if (mib === null || mib < 1)
    throw new ClawError('INVALID_REQUEST', { problem: `“${size}” is no size: write 10Gi, ${formatMib(512)}, or MiB` })
  return mib
}

export const volumeList = unary({
  name: 'volume.list',
  about: 'List the volumes: what they are, where their data is, and who uses them.',
  input: z.strictObject({ namespace: namespaceName.optional().describe('Only of this namespace') }),
  output: z.array(VolumeView),
  permission: { verb: 'read', resource: 'volume' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/volumes' },
  async handler({ namespace }, context, { sees, signal }) {
    await refresh(context, signal)
    return [...context.control.state.volumes.values()]
      .filter((volume) => sees(volume.namespace) && (namespace === undefined || volume.namespace === namespace))
      .toSorted((a, b) => (volumeKey(a.namespace, a.name) < volumeKey(b.namespace, b.name) ? -1 : 1))
      .map((volume) => viewOf(volume, context))
  },
})

export const volumeInfo = unary({
  name: 'volume.info',
  about: 'Show one volume, with its snapshots.',
  input: z.strictObject(named),
  output: VolumeView,
  permission: { verb: 'read', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'GET', path: '/api/volumes/:name' },
  async handler({ namespace, name }, context, { signal }) {
    await refresh(context, signal)
    return viewOf(find(context, namespace, name), context)
  },
})

export const volumeDelete = unary({
  name: 'volume.delete',
  about:
    'Take a volume away that nothing uses, with its data and its snapshots. A directory of a host, or of a server, stays.',
  input: z.strictObject(named),
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'volume' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'DELETE', path: '/api/volumes/:name' },
  where: ({ namespace, name }, context) => homeOf(namespace, name, context),
  async handler({ namespace, name }, context, { caller, signal }) {
    await refresh(context, signal)
    const volume = find(context, namespace, name)
    const decide = () => carryOut('volume', { type: 'remove-volume', namespace, name }, { context, caller, signal })
    await context.volumes.discard(volume, decide, signal)
    return { name, deleted: true }
  },
})

/** Throws VOLUME_NOT_FOUND. */
export function find({ control }: Pick<OperationContext, 'control'>, namespace: string, name: string): Volume {
  const key = volumeKey(namespace, name)
  const volume = control.state.volumes.get(key)
  if (volume === undefined) throw new ClawError('VOLUME_NOT_FOUND', { volume: key })
  return volume
}

/** The node that can reach what is in it. That there is none of that name is for the handler to say. */
export const homeOf = (namespace: string, name: string, { control, self }: OperationContext): NodeId =>
  control.state.volumes.get(volumeKey(namespace, name))?.node ?? self

function viewOf(volume: Volume, { control }: Pick<OperationContext, 'control'>): VolumeView {
  const { state } = control
  const {
    name,
    namespace,
    type: kind,
    access,
    hostPath,
    nfs,
    s3,
    sizeMib,
    node,
    createdAt,
    createdBy,
    snapshots,
  } = volume
  return {
    ...{ name, namespace, type: kind, accessMode: access, hostPath, sizeMib, createdBy },
    ...{ server: nfs?.server ?? null, path: nfs?.path ?? null, createdAt: iso(createdAt) },
    ...{ store: s3 === undefined ? null : bucketText(s3), secret: s3?.secret ?? null },
    labels: { ...volume.labels },
    node: node === null ? null : nameOf(state, node),
    users: usersOf(state, volume).map((user) => user.name),
    snapshots: snapshots.map((one) => ({ ...one, at: iso(one.at), node: nameOf(state, one.node) })),
  }
}
