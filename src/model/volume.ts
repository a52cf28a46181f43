/** Places where work keeps its data, which stay when it ends. */
import { z } from 'zod'
import type { BucketPlace } from './bucket.ts'
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'

export const volumeName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, as in training-data')

/**
 * `local`: a volume of the engine of one node. `hostpath`: a directory of a node that its owner allows. `tmpfs`: memory of the node, gone
 * with its last user. `nfs`: a directory of a server, the same for all nodes. `s3`: what a store of objects holds below a prefix, copied to each
 * node on which work reads it, or to the one on which work writes it.
 */
export const volumeTypes = ['local', 'hostpath', 'tmpfs', 'nfs', 's3'] as const
export type VolumeType = (typeof volumeTypes)[number]

/** ReadWriteOnce: work of one node; ReadOnlyMany: only read, anywhere; ReadWriteMany: written from anywhere. */
export const accessModes = ['RWO', 'ROX', 'RWX'] as const
export type AccessMode = (typeof accessModes)[number]

export const volumeLabels = z
  .record(z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'must be a label'), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels')

/** Of a server of NFS, as the engine's own driver takes it. */
export const nfsServer = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/, 'must be a host name or an address')
export const nfsOptions = z.string().regex(/^[A-Za-z0-9=,._-]{0,256}$/, 'must be mount options such as nfsvers=4,soft')
export const absolutePath = z
  .string()
  .startsWith('/', 'must be an absolute path')
  .max(4_096)
  .refine((path) => !path.includes('\0'), 'must not contain NUL')

export interface NfsSource {
  readonly server: string
  readonly path: string
  readonly options: string
}

/** A copy of what was in it, kept on a node. */
export interface VolumeSnapshot {
  readonly id: string
  readonly at: Instant
  readonly by: string
  readonly node: NodeId
  readonly bytes: number
  /** SHA-256 of the copy, hex. */
  readonly sha256: string
}

export interface Volume {
  readonly namespace: string
  readonly name: string
  readonly type: VolumeType
  readonly access: AccessMode
  /** Of a hostpath. */
  readonly hostPath: string | null
  readonly nfs: NfsSource | null
  /** Left out where its data is in no store of objects. */
  readonly s3?: BucketPlace
  /** How large it may become, where that can be kept; null for as large as there is room. */
  readonly sizeMib: number | null
  /** Where its data is; null until work has written it, and of what is no node's. */
  readonly node: NodeId | null
  /** By which backups find it. */
  readonly labels?: Readonly<Record<string, string>>
  /** What holds its data now, since all of it was last put in the place of what was there; left out where that has not happened. */
  readonly incarnation?: string
  readonly createdAt: Instant
  readonly createdBy: string
  /** Oldest first. */
  readonly snapshots: readonly VolumeSnapshot[]
}

/** `team-a/data`: unique in the mesh. */
export const volumeKey = (namespace: string, name: string): string => `${namespace}/${name}`

/** Its data is on one node, and nowhere else. */
export const isBound = (volume: Pick<Volume, 'type' | 'access'>): boolean =>
  volume.type === 'local' || (volume.type === 'hostpath' && volume.access === 'RWO') || isWrittenBack(volume)

/** What a store of objects holds, written by work of one node, which puts it back when it is told to. */
export const isWrittenBack = ({ type, access }: Pick<Volume, 'type' | 'access'>): boolean =>
  type === 's3' && access === 'RWO'

/** By this name policies of secrets know volumes; no work can be called so. */
export const volumeApplicant = 'mesh:volume'
