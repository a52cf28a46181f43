/** What a snapshot holds, and the shape of each part of it. */
import { z } from 'zod'
import type { JoinToken } from '../../model/access.ts'
import type { NotedHead } from '../../model/audit.ts'
import type { Namespace } from '../../model/namespace.ts'
import { namespaceName, Quota, WorkLimits } from '../../model/namespace.ts'
import type { MeteredDay } from '../../model/prices.ts'
import { Prices } from '../../model/prices.ts'
import { firstVersion } from '../../model/version.ts'
import { AccessSchema } from './access-schemas.ts'
import { CronSchema } from './cron-schemas.ts'
import { DeploymentSchema } from './deployment-schemas.ts'
import { JobSchema } from './job-schemas.ts'
import { keptFields } from './kept-snapshot.ts'
import { PolicySchema } from './policy-schemas.ts'
import * as shape from './schemas.ts'
import type { Result } from './state.ts'
import { limits } from './state.ts'
import type { MeshEvent, Operator } from './types.ts'
import { vaultFields } from './vault-schemas.ts'
import { WorkflowSchema } from './workflow-schemas.ts'
import { WorkloadSchema } from './workload-schema.ts'

export const format = 1

const MemberSchema = shape.NewMemberSchema.extend({
  // A name that was made unique can be longer than one that may be asked for.
  name: z.string().min(1).max(80),
  epoch: shape.count,
  joinedAt: shape.instant,
  taints: shape.taints,
  tainted: shape.instant.exactOptional(),
  scheduling: z.strictObject({
    mode: shape.SchedulingMode,
    reason: shape.text,
    since: shape.instant,
    grace: shape.span.nullable(),
  }),
  inventory: shape.Inventory.nullable(),
})
const TokenSchema = shape.NewToken.extend({ usedBy: shape.NodeIdSchema.nullable() }) satisfies z.ZodType<JoinToken>
const OperatorSchema = z.strictObject({
  key: shape.NodeIdSchema,
  name: shape.word,
  addedAt: shape.instant,
}) satisfies z.ZodType<Operator>
const NamespaceSchema = z.strictObject({
  name: namespaceName,
  quota: Quota,
  weight: shape.weight,
  borrow: z.boolean(),
  defaults: WorkLimits.exactOptional(),
  maxima: WorkLimits.exactOptional(),
  createdAt: shape.instant,
}) satisfies z.ZodType<Namespace>
const MeteredSchema = z.strictObject({
  day: shape.count,
  gpuSeconds: z.record(shape.word, shape.count),
  cpuSeconds: shape.count,
  memoryGibSeconds: shape.count,
}) satisfies z.ZodType<MeteredDay>
const EventSchema = z.strictObject({
  sequence: shape.count,
  at: shape.instant,
  type: shape.word,
  node: shape.NodeIdSchema.nullable(),
  workload: shape.WorkloadIdSchema.nullable(),
  namespace: namespaceName.exactOptional(),
  message: z.string(),
  source: shape.source.exactOptional(),
  severity: shape.SeveritySchema.exactOptional(),
}) satisfies z.ZodType<MeshEvent>

const AuditHeadSchema = z.strictObject({
  seq: shape.count.min(1),
  hash: shape.sha256,
  at: shape.instant,
}) satisfies z.ZodType<NotedHead>

export const ResultSchema = z.strictObject({
  index: shape.count,
  outcome: shape.OutcomeSchema,
}) satisfies z.ZodType<Result>

const pairs = <K, V>(key: z.ZodType<K>, value: z.ZodType<V>): z.ZodType<[K, V][]> => z.array(z.tuple([key, value]))

export const SnapshotSchema = z.strictObject({
  format: z.literal(format),
  version: z
    .int()
    .min(firstVersion.newest + 1)
    .exactOptional(),
  mesh: z.strictObject({ id: shape.MeshIdSchema, genesis: shape.GenesisSchema }).nullable(),
  epoch: shape.count,
  members: z.array(MemberSchema),
  removed: pairs(shape.NodeIdSchema, shape.count),
  tokens: z.array(TokenSchema),
  sealedKeys: pairs(shape.NodeIdSchema, shape.opaque),
  operators: z.array(OperatorSchema),
  access: AccessSchema.exactOptional(),
  namespaces: z.array(NamespaceSchema),
  consumed: pairs(namespaceName, z.array(z.tuple([shape.count, shape.count])).max(limits.periods)),
  metered: pairs(namespaceName, z.array(MeteredSchema).max(limits.meteredDays)).exactOptional(),
  policies: z.array(PolicySchema).max(limits.policies).exactOptional(),
  prices: Prices.exactOptional(),
  workloads: z.array(WorkloadSchema),
  deployments: z.array(DeploymentSchema).max(limits.deployments).exactOptional(),
  jobs: z.array(JobSchema).max(limits.jobs).exactOptional(),
  crons: z.array(CronSchema).max(limits.crons).exactOptional(),
  workflows: z.array(WorkflowSchema).max(limits.workflows).exactOptional(),
  ...vaultFields,
  decisions: pairs(
    shape.WorkloadIdSchema,
    z.array(z.strictObject({ at: shape.instant, type: shape.word, message: z.string() })).max(limits.decisions),
  ),
  liveness: pairs(shape.NodeIdSchema, shape.LivenessSchema),
  ...keptFields,
  auditHeads: pairs(shape.NodeIdSchema, z.array(AuditHeadSchema).max(limits.auditHeads)).exactOptional(),
  events: z.array(EventSchema).max(limits.events),
  ...{ index: shape.count, at: shape.instant, sequence: shape.count, skipped: shape.count },
  results: z.array(z.tuple([z.string(), ResultSchema])).max(limits.results),
  workerResults: pairs(
    shape.NodeIdSchema,
    z.array(z.tuple([z.string(), ResultSchema])).max(limits.workerResults),
  ).exactOptional(),
})

export type Written = z.infer<typeof SnapshotSchema>
