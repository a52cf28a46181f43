/** How people say what is to be backed up, and where to, and how backups look to them. */
import { z } from 'zod'
import { selected } from '../../core/state/backups.ts'
import type { Backup, BackupSelection, BackupTarget } from '../../model/backup.ts'
import { backupStates, directoryPath, mostVolumes } from '../../model/backup.ts'
import { bucketText } from '../../model/bucket.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import { volumeLabels, volumeName } from '../../model/volume.ts'
import type { Permission } from '../../model/access.ts'
import type { OperationContext } from '../context.ts'
import { bucketFields, iso, isoOrNull, nodeRef, time } from '../fields.ts'
import { findNode } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import type { Call } from '../operation.ts'

export const askedFields = {
  namespace: namespaceName.default(defaultNamespace).describe('Whose volumes; of a backup of the mesh, whose secrets'),
  volumes: z.array(volumeName).max(mostVolumes).default([]).describe('Names; all of the namespace when none is given'),
  labels: volumeLabels.default({}).describe('Only volumes that have all of these'),
  mesh: z.boolean().default(false).describe('The state of the mesh instead of volumes'),
  directory: directoryPath.optional().describe('Where to: a directory of the node, which its owner lets be mounted'),
  s3: z.strictObject(bucketFields).optional().describe('Where to: a store of objects that speaks as S3 does'),
  node: nodeRef.optional().describe('The node that makes and keeps it; the one that has the data when left out'),
}
type Asked = z.output<z.ZodObject<typeof askedFields>>

export const backupRef = z.string().min(1).max(64).describe('Id of the backup')

/** A backup of the mesh is of no namespace. */
export const ofAsked = ({ namespace, mesh }: Pick<Asked, 'namespace' | 'mesh'>): string | null =>
  mesh ? null : namespace

/** Whether the caller may know of it. */
export const isShown = (
  { scope, namespace }: Pick<Backup, 'scope' | 'namespace'>,
  { may, sees }: Pick<Call, 'may' | 'sees'>,
): boolean => (scope === 'mesh' ? may({ verb: 'read', resource: 'backup' }, null) : sees(namespace))

/** Whoever has a directory of a host written has it as good as mounted; and the store is told a part of the secret, and whoever runs it was named here. */
export const neededFor = ({ directory, s3 }: Pick<Asked, 'directory' | 's3'>): readonly Permission[] => [
  ...(directory === undefined ? [] : [{ verb: 'use', resource: 'host-mount' } as const]),
  ...(s3 === undefined ? [] : [{ verb: 'reveal', resource: 'secret' } as const]),
]

/** Throws INVALID_REQUEST. */
export function selectionOf({ mesh, volumes, labels }: Asked): BackupSelection {
  if (!mesh) return { scope: 'volumes', names: volumes, labels }
  if (volumes.length + Object.keys(labels).length > 0)
    throw new ClawError('INVALID_REQUEST', { problem: 'the state of the mesh is a backup of its own, without volumes' })
  return { scope: 'mesh' }
}

/** Throws INVALID_REQUEST and NODE_NOT_FOUND. */
export const targetOf = (asked: Asked, context: Pick<OperationContext, 'control' | 'self'>): BackupTarget =>
  placeOf(asked, makerOf(asked, context))

/** Throws INVALID_REQUEST. */
export function placeOf({ directory, s3 }: Pick<Asked, 'directory' | 's3'>, node: NodeId): BackupTarget {
  if (directory !== undefined && s3 === undefined) return { type: 'directory', node, path: directory }
  if (s3 !== undefined && directory === undefined) return { type: 's3', node, ...s3 }
  throw new ClawError('INVALID_REQUEST', { problem: 'say where: either a directory or s3' })
}

/** The node that was named, else the one that has the first of the volumes. */
function makerOf(asked: Asked, { control, self }: Pick<OperationContext, 'control' | 'self'>): NodeId {
  if (asked.node !== undefined) return findNode(control.state, asked.node)
  if (asked.mesh) return self
  const { namespace, volumes: names, labels } = asked
  const [first] = selected(control.state, namespace, { scope: 'volumes', names, labels })
  return first?.node ?? self
}

export const BackupView = z.object({
  id: z.string(),
  namespace: z.string(),
  scope: z.enum(['mesh', 'volumes']),
  volumes: z.array(z.string()),
  state: z.enum(backupStates),
  target: z.string().describe('Where it is: a directory, or a bucket'),
  node: z.string().describe('The node that makes and keeps it'),
  schedule: z.string().nullable().describe('What had it made; null for somebody'),
  createdAt: time,
  createdBy: z.string(),
  endedAt: time.nullable(),
  reason: z.string().nullable().describe('Why it failed'),
  key: z.string().nullable().describe('The secret that it is encrypted with, and its version'),
  bytes: z.int().describe('Of what is in it'),
  storedBytes: z.int(),
  files: z.array(
    z.object({
      name: z.string(),
      volume: z.string().nullable(),
      bytes: z.int(),
      storedBytes: z.int(),
      sha256: z.string(),
    }),
  ),
})
export type BackupView = z.infer<typeof BackupView>

export function backupView(backup: Backup, { control }: Pick<OperationContext, 'control'>): BackupView {
  const { id, namespace, scope, volumes, state, target, schedule, createdAt, createdBy, endedAt, reason, key } = backup
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)
  return {
    ...{ id, namespace, scope, volumes: [...volumes], state, schedule, createdBy, reason },
    ...{ target: targetText(target), node: nameOf(control.state, target.node) },
    ...{ createdAt: iso(createdAt), endedAt: isoOrNull(endedAt) },
    key: key === null ? null : `${key.secret} version ${key.version}`,
    bytes: sum(backup.files.map(({ bytes }) => bytes)),
    storedBytes: sum(backup.files.map(({ stored }) => stored)),
    files: backup.files.map(({ stored, ...file }) => ({ ...file, storedBytes: stored })),
  }
}

export const targetText = (target: BackupTarget): string =>
  target.type === 'directory' ? target.path : bucketText(target)

/** Throws BACKUP_NOT_FOUND. */
export function findBackup({ control }: Pick<OperationContext, 'control'>, id: string): Backup {
  const found = control.state.backups.get(id)
  if (found === undefined) throw new ClawError('BACKUP_NOT_FOUND', { backup: id })
  return found
}

/** Throws BACKUP_UNUSABLE for one that is not whole. */
export function findWhole(context: Pick<OperationContext, 'control'>, id: string): Backup {
  const found = findBackup(context, id)
  if (found.state !== 'complete') throw new ClawError('BACKUP_UNUSABLE', { backup: id, state: found.state })
  return found
}

/** That there is none of that id is for the handler to say. */
export const keeperOf = ({ backup }: { readonly backup: string }, { control, self }: OperationContext): NodeId =>
  control.state.backups.get(backup)?.target.node ?? self

/** A backup of the mesh is of no namespace. Throws BACKUP_NOT_FOUND. */
export function ofBackup({ backup }: { readonly backup: string }, context: OperationContext): string | null {
  const { scope, namespace } = findBackup(context, backup)
  return scope === 'mesh' ? null : namespace
}
