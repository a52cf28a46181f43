/** Backups and their schedules, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { Backup, BackupSchedule } from '../../model/backup.ts'
import {
  backupId,
  BackupRetention,
  backupScheduleName,
  BackupSelection,
  backupStates,
  BackupTiming,
  directoryPath,
  mostVolumes,
  scheduleKey,
} from '../../model/backup.ts'
import { bucketPlace } from '../../model/bucket.ts'
import { namespaceName } from '../../model/namespace.ts'
import { secretName } from '../../model/secret.ts'
import { volumeName } from '../../model/volume.ts'
import * as shape from './schemas.ts'
import type { State } from './state.ts'
import { limits, weighed } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const node = shape.NodeIdSchema
const named = { namespace: namespaceName, name: backupScheduleName }

const target = z.discriminatedUnion('type', [
  z.strictObject({ ...type('directory'), node, path: directoryPath }),
  z.strictObject({ ...type('s3'), node, ...bucketPlace }),
])
const asked = { selection: BackupSelection, target }
const stored = { stored: shape.count, sha256: shape.sha256 }
const manifest = z.strictObject(stored)
const file = z.strictObject({
  name: z.string().min(1).max(128),
  volume: volumeName.nullable(),
  bytes: shape.count,
  ...stored,
})
const files = z.array(file).max(mostVolumes)
const reason = z.string().max(1_024)

/** Of every command in this file. */
export const backupCommands = [
  z.strictObject({ ...type('create-backup'), backup: backupId, namespace: namespaceName, ...asked }),
  z.strictObject({
    ...{ ...type('import-backup'), backup: backupId, namespace: namespaceName },
    ...{ target, secret: secretName },
  }),
  z.strictObject({
    ...type('report-backup'),
    backup: backupId,
    node,
    made: z.discriminatedUnion('ok', [
      z.strictObject({ ok: z.literal(true), files, manifest }),
      z.strictObject({ ok: z.literal(false), reason }),
    ]),
  }),
  z.strictObject({ ...type('delete-backup'), backup: backupId }),
  z.strictObject({ ...type('report-backup-gone'), backup: backupId, node }),
  z.strictObject({
    ...type('create-backup-schedule'),
    ...named,
    ...asked,
    timing: BackupTiming,
    keep: BackupRetention,
  }),
  z.strictObject({ ...type('suspend-backup-schedule'), ...named, suspended: z.boolean() }),
  z.strictObject({ ...type('delete-backup-schedule'), ...named }),
  z.strictObject({
    ...type('fire-backup'),
    ...named,
    at: shape.instant,
    backup: backupId.exactOptional(),
    missed: shape.count,
  }),
] as const

const key = z.strictObject({ secret: secretName, version: shape.count })
const BackupSchema = z.strictObject({
  ...{ id: backupId, namespace: namespaceName, scope: z.enum(['mesh', 'volumes']) },
  ...{ volumes: z.array(volumeName).max(mostVolumes), target, state: z.enum(backupStates) },
  key: key.nullable(),
  schedule: backupScheduleName.nullable(),
  ...{ createdAt: shape.instant, createdBy: z.string(), endedAt: shape.instant.nullable() },
  ...{ reason: reason.nullable(), files, manifest: manifest.nullable() },
  ...{ imported: z.literal(true).exactOptional(), writtenWith: key.exactOptional() },
}) satisfies z.ZodType<Backup>

const ScheduleSchema = z.strictObject({
  ...{ ...BackupTiming.shape, ...named, ...asked, keep: BackupRetention, suspended: z.boolean() },
  ...{ last: shape.instant, fired: shape.count, missedCount: shape.count, skipped: shape.count },
  ...{ refusal: reason.nullable(), createdAt: shape.instant, createdBy: z.string() },
}) satisfies z.ZodType<BackupSchedule>

/** As they stand in snapshots, where there are any. */
export const backupFields = {
  backups: z.array(BackupSchema).max(limits.backups).exactOptional(),
  backupSchedules: z.array(ScheduleSchema).max(limits.backupSchedules).exactOptional(),
}
type Written = z.infer<z.ZodObject<typeof backupFields>>

export const writtenBackups = ({ backups, backupSchedules }: State): Written => ({
  ...(backups.size > 0 && { backups: [...backups.values()] as z.infer<typeof BackupSchema>[] }),
  ...(backupSchedules.size > 0 && {
    backupSchedules: [...backupSchedules.values()] as z.infer<typeof ScheduleSchema>[],
  }),
})

export const readBackups = ({
  backups = [],
  backupSchedules = [],
}: Written): Pick<State, 'backups' | 'backupSchedules'> => ({
  backups: weighed.backups(backups.map((one) => [one.id, one])),
  backupSchedules: weighed.backupSchedules(backupSchedules.map((one) => [scheduleKey(one), one])),
})
