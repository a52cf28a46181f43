/** The form of a workload in a snapshot, with where it runs and what became of it. */
import { z } from 'zod'
import type { Workload } from '../../model/workload.ts'
import { resultText, RunSchema } from './job-schemas.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const PlacementSchema = z.strictObject({
  id: shape.PlacementIdSchema,
  workload: shape.WorkloadIdSchema,
  attempt: shape.count,
  node: shape.NodeIdSchema,
  devices: z.array(shape.word).max(64),
  executor: shape.Executor,
  term: shape.count,
  state: z.enum(['placed', 'claimed']),
  at: shape.instant,
  port: z.int().nullable(),
})
/** A workload as it stands in a snapshot. */
export const WorkloadSchema = z.strictObject({
  id: shape.WorkloadIdSchema,
  name: shape.workloadName,
  spec: shape.WorkloadSpec,
  part: z.strictObject({ group: shape.GroupIdSchema, index: shape.count }).nullable(),
  owner: z
    .strictObject({
      deployment: shape.DeploymentIdSchema,
      revision: shape.count,
      drainingSince: shape.instant.exactOptional(),
      readySince: shape.instant.exactOptional(),
    })
    .exactOptional(),
  run: RunSchema.exactOptional(),
  result: resultText.exactOptional(),
  submittedBy: z.string(),
  submittedAt: shape.instant,
  state: z.enum(['pending', 'starting', 'running', 'stopping', 'completed', 'failed', 'stopped']),
  attempt: shape.count,
  placement: PlacementSchema.nullable(),
  progress: z.string().nullable(),
  startedAt: shape.instant.nullable(),
  ran: shape.RanImageSchema.exactOptional(),
  overlayAddress: shape.ipv4.exactOptional(),
  lastCheckpoint: shape.instant.nullable(),
  endedAt: shape.instant.nullable(),
  exitCode: z.int().nullable(),
  error: shape.WorkloadErrorSchema.nullable(),
  stopRequested: z
    .strictObject({
      at: shape.instant,
      by: z.string(),
      force: z.boolean(),
      because: z.string().nullable(),
      reason: shape.reason.exactOptional(),
    })
    .nullable(),
  eviction: z
    .strictObject({
      at: shape.instant,
      by: z.string(),
      // What was given as a reason may have got words around it, here and below.
      reason: z.string(),
      grace: shape.span,
      target: shape.NodeIdSchema.nullable(),
      avoid: z.boolean(),
    })
    .nullable(),
  retries: shape.count,
  notBefore: shape.instant.nullable(),
  preferredNode: shape.NodeIdSchema.nullable(),
  history: z
    .array(
      z.strictObject({
        attempt: shape.count,
        node: shape.NodeIdSchema,
        startedAt: shape.instant.nullable(),
        endedAt: shape.instant,
        exitCode: z.int().nullable(),
        error: shape.WorkloadErrorSchema.nullable(),
        reason: z.string(),
      }),
    )
    .max(limits.attempts),
  rejections: z
    .array(
      z.strictObject({
        node: shape.NodeIdSchema,
        attempt: shape.count,
        reason: z.string(),
        at: shape.instant,
      }),
    )
    .max(limits.rejections),
  ready: z.boolean().exactOptional(),
  unreadyReason: z.string().exactOptional(),
  readySince: shape.instant.exactOptional(),
  usedSecrets: z.record(shape.word, shape.count).exactOptional(),
}) satisfies z.ZodType<Workload>
