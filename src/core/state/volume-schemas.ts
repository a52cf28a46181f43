/** Volumes, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import { bucketPlace } from '../../model/bucket.ts'
import { namespaceName } from '../../model/namespace.ts'
import type { Volume } from '../../model/volume.ts'
import {
  absolutePath,
  accessModes,
  nfsOptions,
  nfsServer,
  volumeLabels,
  volumeName,
  volumeTypes,
} from '../../model/volume.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const named = { namespace: namespaceName, name: volumeName }
const snapshotId = z.string().regex(/^snap-[a-z0-9]{1,32}$/)
const incarnation = z.string().regex(/^fill-[a-z0-9]{1,32}$/)
const copied = { id: snapshotId, bytes: shape.count, sha256: shape.sha256 }

const made = {
  type: z.enum(volumeTypes),
  access: z.enum(accessModes),
  hostPath: absolutePath.nullable(),
  nfs: z.strictObject({ server: nfsServer, path: absolutePath, options: nfsOptions }).nullable(),
  s3: z.strictObject(bucketPlace).exactOptional(),
  sizeMib: z.int().min(1).nullable(),
  node: shape.NodeIdSchema.nullable(),
  labels: volumeLabels.exactOptional(),
}

/** Of every command in this file. */
export const volumeCommands = [
  z.strictObject({ ...type('create-volume'), ...named, volume: z.strictObject(made) }),
  z.strictObject({ ...type('remove-volume'), ...named }),
  z.strictObject({
    ...{ ...type('report-snapshot'), ...named },
    node: shape.NodeIdSchema,
    snapshot: z.strictObject(copied),
  }),
  z.strictObject({ ...type('remove-snapshot'), ...named, snapshot: snapshotId }),
  z.strictObject({
    ...{ ...type('report-restore'), ...named, node: shape.NodeIdSchema },
    ...{ incarnation, instead: incarnation.nullable() },
    made: z.strictObject({ labels: volumeLabels.exactOptional() }).exactOptional(),
  }),
] as const

/** A volume as it stands in snapshots of the state. */
export const VolumeSchema = z.strictObject({
  ...named,
  ...made,
  incarnation: incarnation.exactOptional(),
  createdAt: shape.instant,
  createdBy: z.string(),
  snapshots: z
    .array(z.strictObject({ ...copied, at: shape.instant, by: z.string(), node: shape.NodeIdSchema }))
    .max(limits.volumeSnapshots),
}) satisfies z.ZodType<Volume>
