/** Copies of volumes, and of the state of the mesh, that are kept apart from what they are copies of. */
import { z } from 'zod'
import type { BucketPlace } from './bucket.ts'
import { missedPolicies } from './cron.ts'
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'
import { day, second } from './time.ts'
import { absolutePath, volumeLabels, volumeName } from './volume.ts'

/** `bak-` and up to 32 of base32. */
export const backupId = z.string().regex(/^bak-[a-z0-9]{1,32}$/, 'must be the id of a backup')

export const backupScheduleName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/, 'must be 1 to 32 of a-z 0-9 -, as in nightly')

/** Most volumes of one backup. */
export const mostVolumes = 64

/** What is to be in it: the state of the mesh, or volumes of a namespace, by their names, by their labels, or all. */
export const BackupSelection = z.discriminatedUnion('scope', [
  z.strictObject({ scope: z.literal('mesh') }),
  z.strictObject({
    scope: z.literal('volumes'),
    names: z.array(volumeName).max(mostVolumes).readonly(),
    labels: volumeLabels,
  }),
])
export type BackupSelection = z.infer<typeof BackupSelection>

/** Where what somebody makes a backup of is written: a directory of the node, or a store of objects that the node writes to. */
export type BackupTarget =
  | { readonly type: 'directory'; readonly node: NodeId; readonly path: string }
  | ({ readonly type: 's3'; readonly node: NodeId } & BucketPlace)

export const directoryPath = absolutePath

/** One of its files, as it stands there. */
export interface BackupFile {
  readonly name: string
  /** Null for the state of the mesh. */
  readonly volume: string | null
  /** Of what is in it. */
  readonly bytes: number
  /** Of the file, and its SHA-256, hex. */
  readonly stored: number
  readonly sha256: string
}

export const backupStates = ['running', 'complete', 'failed', 'deleting'] as const

export interface Backup {
  readonly id: string
  readonly namespace: string
  readonly scope: 'mesh' | 'volumes'
  /** Names of what is in it, or is to be. */
  readonly volumes: readonly string[]
  readonly target: BackupTarget
  readonly state: (typeof backupStates)[number]
  /** The secret of its namespace that it is encrypted with; null for the state of the mesh, which holds none in clear. */
  readonly key: { readonly secret: string; readonly version: number } | null
  /** Name of the schedule that had it made; null when somebody asked for it. */
  readonly schedule: string | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly endedAt: Instant | null
  /** Why it failed. */
  readonly reason: string | null
  /** Of a complete one. */
  readonly files: readonly BackupFile[]
  /** It was there before this mesh knew of it, as another mesh, or this one before it was lost, had made it. What is there is never taken away. */
  readonly imported?: true
  /** Of an imported one, what this mesh knew it to be encrypted with before. */
  readonly writtenWith?: NonNullable<Backup['key']>
  /** What says what is in it, beside its files. */
  readonly manifest: { readonly stored: number; readonly sha256: string } | null
}

const kept = z.int().min(0).max(366)

/** So many of the newest are kept, and so many of those that are the newest of their hour, day, week or month. Days are those of UTC. */
export const BackupRetention = z
  .strictObject({ last: kept, hourly: kept, daily: kept, weekly: kept, monthly: kept })
  .refine((keep) => Object.values(keep).some((count) => count > 0), 'must keep some')
export type BackupRetention = z.infer<typeof BackupRetention>

export const BackupTiming = z.strictObject({
  schedule: z.string().min(1).max(128),
  timeZone: z.string().min(1).max(64),
  missed: z.enum(missedPolicies),
  startingDeadlineMs: z.int().min(second).max(day),
})
export type BackupTiming = z.infer<typeof BackupTiming>

/** A backup at every moment that a schedule names, once, whoever leads the mesh by then. */
export interface BackupSchedule extends BackupTiming {
  readonly name: string
  readonly namespace: string
  readonly selection: BackupSelection
  readonly target: BackupTarget
  readonly keep: BackupRetention
  readonly suspended: boolean
  /** Up to here every moment has been dealt with: none of them ever is again. */
  readonly last: Instant
  readonly fired: number
  readonly missedCount: number
  /** Moments at which the one before still ran. */
  readonly skipped: number
  /** Why there was none at the last moment; null where there was. */
  readonly refusal: string | null
  readonly createdAt: Instant
  readonly createdBy: string
}

/** `team-a/nightly`: unique in the mesh. */
export const scheduleKey = ({ namespace, name }: Pick<BackupSchedule, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`

/** The secret that the backups of a namespace are encrypted with. The mesh makes it when it is first needed. */
export const keySecret = 'backup-key'
/** By this name policies of secrets know backups; no work can be called so. */
export const backupApplicant = 'mesh:backup'
