/** Deployments, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { Deployment, DeploymentSettings } from '../../model/deployment.ts'
import {
  deploymentName,
  DeploymentSettings as Settings,
  deploymentStates,
  mostReplicas,
  replicaCount,
  revisionStates,
  rolloutStages,
} from '../../model/deployment.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const told = { deployment: shape.DeploymentIdSchema, reason: shape.reason.exactOptional() }
const workload = shape.WorkloadIdSchema
const number = shape.count

const RolloutSchema = z.strictObject({
  kind: z.enum(['update', 'rollback']),
  reason: shape.text.nullable(),
  startedAt: shape.instant,
  stage: z.enum(rolloutStages),
  stageAt: shape.instant,
  ready: shape.count,
  progressAt: shape.instant,
  isUrgent: z.boolean(),
  failure: shape.text.nullable(),
}) satisfies z.ZodType<NonNullable<Deployment['rollout']>>

const traffic = z.array(z.strictObject({ revision: number, weight: shape.count })).max(limits.revisions)
const revisionState = z.enum(revisionStates)
const replicas = replicaCount
const SettingsPatch = z.strictObject(
  Object.fromEntries(Object.entries(Settings.shape).map(([key, schema]) => [key, schema.exactOptional()])),
) as z.ZodType<unknown> as z.ZodType<Partial<DeploymentSettings>>

const some = <T extends z.ZodType>(item: T): z.ZodExactOptional<z.ZodArray<T>> =>
  z
    .array(item)
    .max(2 * mostReplicas)
    .exactOptional()

/** Of every command in this file. */
export const deploymentCommands = [
  z.strictObject({
    ...type('create-deployment'),
    deployment: shape.DeploymentIdSchema,
    name: deploymentName,
    replicas,
    spec: shape.WorkloadSpec,
    settings: Settings,
  }),
  z.strictObject({
    ...type('update-deployment'),
    ...told,
    expected: number.exactOptional(),
    replicas: replicas.exactOptional(),
    spec: shape.WorkloadSpec.exactOptional(),
    settings: SettingsPatch.exactOptional(),
  }),
  z.strictObject({ ...type('pause-deployment'), ...told }),
  z.strictObject({ ...type('resume-deployment'), ...told }),
  z.strictObject({ ...type('promote-deployment'), ...told, force: z.boolean(), expected: number.exactOptional() }),
  z.strictObject({ ...type('rollback-deployment'), ...told, revision: number.exactOptional() }),
  z.strictObject({ ...type('delete-deployment'), ...told }),
  z.strictObject({
    ...type('set-rollout'),
    deployment: shape.DeploymentIdSchema,
    step: shape.count,
    state: z.enum(deploymentStates).exactOptional(),
    reason: shape.text.nullable().exactOptional(),
    stable: number.exactOptional(),
    target: number.exactOptional(),
    traffic: traffic.exactOptional(),
    rollout: RolloutSchema.nullable().exactOptional(),
    revisions: some(z.strictObject({ number, state: revisionState, reason: shape.text.nullable() })),
    start: some(z.strictObject({ workload, name: shape.workloadName, revision: number })),
    drain: some(workload),
    keep: some(workload),
    stop: some(z.strictObject({ workload, reason: shape.reason })),
    notes: some(z.strictObject({ type: shape.word, message: shape.text })),
    gone: z.literal(true).exactOptional(),
  }),
] as const

const Revision = z.strictObject({
  number,
  spec: shape.WorkloadSpec,
  at: shape.instant,
  by: z.string(),
  state: revisionState,
  reason: z.string().nullable(),
})

/** A deployment as it stands in snapshots. */
export const DeploymentSchema = Settings.extend({
  id: shape.DeploymentIdSchema,
  name: deploymentName,
  namespace: z.string(),
  replicas,
  revisions: z.array(Revision).max(limits.revisions),
  stable: number.nullable(),
  target: number,
  state: z.enum(deploymentStates),
  reason: z.string().nullable(),
  traffic,
  paused: z.boolean(),
  rollout: RolloutSchema.nullable(),
  startsAfter: shape.instant.nullable(),
  step: shape.count,
  createdAt: shape.instant,
  createdBy: z.string(),
  updatedAt: shape.instant,
  events: z.array(z.strictObject({ at: shape.instant, type: shape.word, message: z.string() })).max(limits.notes),
}) satisfies z.ZodType<Deployment>
