/** The shapes of the nouns that stand in the log and in snapshots, each with its bounds. Whoever reads bytes parses with these. */
import { z } from 'zod'
import type { FailureCode } from '../../model/failure.ts'
import { failures } from '../../model/failures.ts'
import type {
  CronId,
  DeploymentId,
  GroupId,
  JobId,
  MeshId,
  NodeId,
  PlacementId,
  WorkflowId,
  WorkloadId,
} from '../../model/ids.ts'
import { Taint } from '../../model/label.ts'
import { WorkloadSpec, workloadName } from '../../model/workload.ts'
import { limits } from './state.ts'
import { severities } from './types.ts'

const id = <Id extends string>(longest = 128): z.ZodType<Id> =>
  z.string().min(1).max(longest) as z.ZodType<string> as z.ZodType<Id>

export const NodeIdSchema = id<NodeId>()
export const MeshIdSchema = id<MeshId>()
export const WorkloadIdSchema = id<WorkloadId>()
export const DeploymentIdSchema = id<DeploymentId>()
export const GroupIdSchema = id<GroupId>()
/** The id of a workload and the number of an attempt. */
export const PlacementIdSchema = id<PlacementId>(160)

export const word = z.string().min(1).max(128)
/** A sentence or two for people. */
export const text = z.string().max(4_096)
/** A few words of whoever asks for something. */
export const reason = z.string().min(1).max(256)
/** Who or what tells of something. */
export const source = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . : / -')
export const SeveritySchema = z.enum(severities)
export const remark = z.string().min(1).max(1_024)
/** Virtual clocks know parts of milliseconds. */
export const instant = z.number().min(0)
/** Milliseconds, at most an hour. */
export const span = z.int().min(0).max(3_600_000)
export const count = z.int().min(0)
export const weight = z.int().min(1).max(1_000)
/** A key, a hash or sealed bytes, as hex or base64. */
export const opaque = z.string().min(1).max(4_096)
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const labelKey = z.string().min(1).max(63)
const labelValue = z.string().max(256)
export const labels = z
  .record(labelKey, labelValue)
  .refine((record) => Object.keys(record).length <= limits.labels, `at most ${limits.labels} labels`)
export const labelPatch = z.record(labelKey, labelValue.nullable())
export const roles = z.array(z.string().min(1).max(64)).max(16)
export const addresses = z.array(z.string().min(1).max(512)).max(32)
export const ipv4 = z.ipv4()
export const nodeName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/, 'must be a host name')
export { workloadName, WorkloadSpec }

export const Executor = z.enum(['docker', 'process', 'simulated'])
export const SchedulingMode = z.enum(['open', 'cordoned', 'draining'])
export const taints = z.array(Taint).max(limits.taints)
export const LivenessSchema = z.enum(['alive', 'suspect', 'lost', 'left'])

export const GenesisSchema = z.strictObject({
  name: word,
  publicKey: opaque,
  founder: NodeIdSchema,
  createdAt: instant,
})

const Gpu = z.strictObject({
  index: count,
  uuid: word,
  vendor: z.enum(['nvidia', 'amd', 'intel', 'apple', 'unknown']),
  model: word,
  memoryMib: count,
  pciBusId: word.nullable(),
  driver: word.nullable(),
  computeCapability: word.nullable(),
  mig: z.strictObject({ profile: word, parent: word }).nullable(),
  numaNode: z.int().nullable(),
  simulated: z.boolean(),
})

const Link = z.strictObject({
  devices: z.tuple([count, count]),
  kind: z.enum(['nvlink', 'pix', 'pxb', 'phb', 'node', 'sys']),
  width: count,
})

const hostFact = z.string().max(256)

export const Inventory = z.strictObject({
  hostname: hostFact,
  os: hostFact,
  kernel: hostFact,
  arch: hostFact,
  cpuModel: hostFact,
  cpuCores: z.number().min(0),
  memoryMib: z.number().min(0),
  diskMib: z.number().min(0),
  gpus: z.array(Gpu).max(256),
  links: z.array(Link).max(4_096),
  executors: z.array(Executor).max(3),
  versions: z.record(z.string().min(1).max(64), z.string().max(128)),
  sharing: z.literal(true).exactOptional(),
})

const imageHash = z.string().max(160)
export const RanImageSchema = z.strictObject({
  id: imageHash,
  digest: imageHash.nullable(),
  root: z.literal(true).exactOptional(),
})

export const NewMemberSchema = z.strictObject({
  id: NodeIdSchema,
  name: nodeName,
  labels,
  roles,
  addresses,
  sealKey: opaque,
})

export const NewToken = z.strictObject({
  id: word,
  secretHash: opaque,
  roles,
  labels,
  notAfter: instant,
  createdBy: word,
})

const failureCode = z.string().refine((code) => code in failures, 'must be a failure code') as z.ZodType<string>

export const WorkloadErrorSchema = z.strictObject({ code: failureCode as z.ZodType<FailureCode>, message: text })

const OutcomeValueSchema = z.strictObject({
  workload: WorkloadIdSchema.exactOptional(),
  placement: PlacementIdSchema.exactOptional(),
  deployment: DeploymentIdSchema.exactOptional(),
  job: id<JobId>().exactOptional(),
  cron: id<CronId>().exactOptional(),
  workflow: id<WorkflowId>().exactOptional(),
  node: NodeIdSchema.exactOptional(),
  epoch: count.exactOptional(),
})
const FailureSchema = z.strictObject({ code: z.string(), message: z.string(), hint: z.string(), facts: z.unknown() })

export const OutcomeSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: OutcomeValueSchema }),
  z.strictObject({ ok: z.literal(false), failure: FailureSchema }),
])
