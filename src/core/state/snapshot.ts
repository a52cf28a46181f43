/** The whole state as bytes. Maps are written in their own order, so the same log always leads to the same bytes. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NotedHead } from '../../model/audit.ts'
import type { Namespace } from '../../model/namespace.ts'
import { namespaceName, Quota, WorkLimits } from '../../model/namespace.ts'
import type { MeteredDay } from '../../model/prices.ts'
import { Prices } from '../../model/prices.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import { Recent } from '../../lib/recent.ts'
import { covers, firstVersion, type VersionRange } from '../../model/version.ts'
import { CronSchema } from './cron-schemas.ts'
import { AccessSchema } from './access-schemas.ts'
import { DeploymentSchema } from './deployment-schemas.ts'
import { JobSchema } from './job-schemas.ts'
import { readVault, vaultFields, writtenVault } from './vault-schemas.ts'
import { reindex } from './holdings.ts'
import { PolicySchema } from './policy-schemas.ts'
import * as shape from './schemas.ts'
import type { Result, State } from './state.ts'
import { createState, limits, weighed } from './state.ts'
import { supported } from './versions.ts'
import { WorkflowSchema } from './workflow-schemas.ts'
import { WorkloadSchema } from './workload-schema.ts'
import type { MeshEvent, NotedDecision, Operator } from './types.ts'
import type { JoinToken } from '../../model/access.ts'
import { keptFields, readKept, writtenKept } from './kept-snapshot.ts'

const format = 1
/** How every snapshot begins, so that its version is known before anything else of it is read. The version is left out of the first. */
const beginning = /^\{"format":1,"version":(\d{1,6}),/

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

const ResultSchema = z.strictObject({
  index: shape.count,
  outcome: shape.OutcomeSchema,
}) satisfies z.ZodType<Result>

const pairs = <K, V>(key: z.ZodType<K>, value: z.ZodType<V>): z.ZodType<[K, V][]> => z.array(z.tuple([key, value]))

const SnapshotSchema = z.strictObject({
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

type Outcomes = [string, z.infer<typeof ResultSchema>][]

export function snapshot(state: State): Uint8Array {
  const body: z.infer<typeof SnapshotSchema> = {
    format,
    ...(state.version > firstVersion.newest && { version: state.version }),
    mesh: state.mesh,
    epoch: state.epoch,
    members: [...state.members.values()] as z.infer<typeof MemberSchema>[],
    removed: [...state.removed],
    tokens: [...state.tokens.values()] as z.infer<typeof TokenSchema>[],
    sealedKeys: [...state.sealedKeys],
    operators: [...state.operators.values()],
    ...accessOf(state),
    namespaces: [...state.namespaces.values()],
    consumed: [...state.consumed] as [string, [number, number][]][],
    ...(state.metered.size > 0 && { metered: [...state.metered] as [string, MeteredDay[]][] }),
    ...(state.policies.size > 0 && { policies: [...state.policies.values()] as z.infer<typeof PolicySchema>[] }),
    ...(state.prices !== null && { prices: state.prices }),
    workloads: [...state.workloads.values()] as z.infer<typeof WorkloadSchema>[],
    ...(state.deployments.size > 0 && {
      deployments: [...state.deployments.values()] as z.infer<typeof DeploymentSchema>[],
    }),
    ...(state.jobs.size > 0 && { jobs: [...state.jobs.values()] as z.infer<typeof JobSchema>[] }),
    ...(state.crons.size > 0 && { crons: [...state.crons.values()] as z.infer<typeof CronSchema>[] }),
    ...(state.workflows.size > 0 && { workflows: [...state.workflows.values()] as z.infer<typeof WorkflowSchema>[] }),
    ...writtenVault(state),
    decisions: [...state.decisions] as [WorkloadId, NotedDecision[]][],
    liveness: [...state.liveness],
    ...writtenKept(state),
    ...(state.auditHeads.size > 0 && { auditHeads: [...state.auditHeads] as [NodeId, NotedHead[]][] }),
    events: state.events,
    index: state.index,
    at: state.at,
    sequence: state.sequence,
    skipped: state.skipped,
    results: [...state.results] as Outcomes,
    ...(state.workerResults.size > 0 && {
      workerResults: Array.from(state.workerResults, ([node, results]): [NodeId, Outcomes] => [
        node,
        [...results] as Outcomes,
      ]),
    }),
  }
  return new TextEncoder().encode(JSON.stringify(body))
}

/** Nothing while there is nothing, as builds of before know it. */
function accessOf({ roles, users, apikeys }: State): Pick<z.infer<typeof SnapshotSchema>, 'access'> {
  if (roles.size + users.size + apikeys.size === 0) return {}
  const lists = { roles: [...roles.values()], users: [...users.values()], apikeys: [...apikeys.values()] }
  return { access: lists as z.infer<typeof AccessSchema> }
}

/** Of what may be a snapshot, read from how it begins. */
export const versionOf = (bytes: Uint8Array): number =>
  Number(beginning.exec(new TextDecoder().decode(bytes.subarray(0, 64)))?.[1] ?? firstVersion.newest)

/** Throws VERSION_UNSUPPORTED for a version that this build does not apply, and STATE_CORRUPT when the bytes are no snapshot. */
export function restore(bytes: Uint8Array, applies: VersionRange = supported): State {
  const written = versionOf(bytes)
  if (!covers(applies, written))
    throw new ClawError('VERSION_UNSUPPORTED', { found: `a state of version ${written}`, ...applies })
  const { mesh, version = firstVersion.newest, epoch, index, at, sequence, skipped, ...lists } = read(bytes)
  const state: State = {
    ...createState(),
    ...{ mesh, version, epoch, index, at, sequence, skipped },
    members: weighed.members(lists.members.map((member) => [member.id, member])),
    removed: new Map(lists.removed),
    tokens: weighed.tokens(lists.tokens.map((token) => [token.id, token])),
    sealedKeys: new Map(lists.sealedKeys),
    operators: new Map(lists.operators.map((operator) => [operator.key, operator])),
    roles: new Map((lists.access?.roles ?? []).map((role) => [role.name, role])),
    users: weighed.users((lists.access?.users ?? []).map((user) => [user.name, user])),
    apikeys: new Map((lists.access?.apikeys ?? []).map((key) => [key.id, key])),
    namespaces: new Map(lists.namespaces.map((namespace) => [namespace.name, namespace])),
    consumed: new Map(lists.consumed),
    metered: weighed.metered(lists.metered),
    policies: new Map((lists.policies ?? []).map((policy) => [policy.name, policy])),
    prices: lists.prices ?? null,
    workloads: weighed.workloads(lists.workloads.map((workload) => [workload.id, workload])),
    deployments: weighed.deployments((lists.deployments ?? []).map((deployment) => [deployment.id, deployment])),
    jobs: weighed.jobs((lists.jobs ?? []).map((job) => [job.id, job])),
    crons: weighed.crons((lists.crons ?? []).map((cron) => [cron.id, cron])),
    workflows: weighed.workflows((lists.workflows ?? []).map((workflow) => [workflow.id, workflow])),
    ...readVault(lists),
    decisions: weighed.decisions(lists.decisions),
    liveness: new Map(lists.liveness),
    auditHeads: new Map(lists.auditHeads ?? []),
    ...readKept(lists),
    events: lists.events,
    results: new Recent(limits.results, lists.results),
    workerResults: new Map(
      (lists.workerResults ?? []).map(([node, results]) => [node, new Recent(limits.workerResults, results)]),
    ),
  }
  for (const workload of state.workloads.values()) reindex(state, null, workload)
  return state
}

/** The value as it was written and not as the schema would rebuild it: the order of keys is part of the bytes. */
function read(bytes: Uint8Array): z.infer<typeof SnapshotSchema> {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    SnapshotSchema.parse(json)
    return json as z.infer<typeof SnapshotSchema>
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file: 'the snapshot', detail: 'it cannot be read' }, { cause })
  }
}
