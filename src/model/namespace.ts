/** Whose work it is: each namespace has limits of its own, and a share of what all of them compete for. */
import { z } from 'zod'
import type { Instant } from './time.ts'

export const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, as in team-a')

/** Work that names no other belongs here. It is always there, without limits until somebody sets some. */
export const defaultNamespace = 'default'

const most = z.int().min(0).max(10_000_000).nullable()

/** Null where there is no limit. */
export const Quota = z.strictObject({
  gpus: most.describe('Devices in use at a time'),
  cpuMillis: most.describe('CPU asked for, in thousandths of a core, of what has a place'),
  memoryMib: z.int().min(0).nullable().describe('Memory asked for, MiB, of what has a place'),
  workloads: most.describe('Workloads that have not ended, those that wait among them'),
})
export type Quota = z.infer<typeof Quota>

/** The limits that are to change. */
export const QuotaPatch = z.strictObject({
  gpus: Quota.shape.gpus.exactOptional(),
  cpuMillis: Quota.shape.cpuMillis.exactOptional(),
  memoryMib: Quota.shape.memoryMib.exactOptional(),
  workloads: Quota.shape.workloads.exactOptional(),
})

/** As many as one workload can ask for. */
const gpus = z.int().min(1).max(64)
const cpuMillis = z.int().min(1).max(1_024_000)

/** Of one workload, or of each of its parts. */
export const WorkLimits = z.strictObject({
  gpus: gpus.exactOptional(),
  cpuMillis: cpuMillis.exactOptional().describe('Thousandths of a core'),
  memoryMib: z.int().min(6).max(1_048_576).exactOptional(),
  timeoutMs: z
    .int()
    .positive()
    .max(365 * 86_400_000)
    .exactOptional()
    .describe('Of what is to end by itself; replicas of deployments have none'),
})
export type WorkLimits = z.infer<typeof WorkLimits>

/** What is to change of them; null takes one away. */
export const WorkLimitsPatch = z.strictObject({
  gpus: gpus.nullable().exactOptional(),
  cpuMillis: cpuMillis.nullable().exactOptional(),
  memoryMib: WorkLimits.shape.memoryMib.unwrap().nullable().exactOptional(),
  timeoutMs: WorkLimits.shape.timeoutMs.unwrap().nullable().exactOptional(),
})
export type WorkLimitsPatch = z.infer<typeof WorkLimitsPatch>

export const noQuota: Quota = { gpus: null, cpuMillis: null, memoryMib: null, workloads: null }

export interface Namespace {
  readonly name: string
  readonly quota: Quota
  /** Twice the weight is twice the share of what is scarce. */
  readonly weight: number
  /** May use more than its quota of what nobody within theirs has work for. Not more workloads. */
  readonly borrow: boolean
  /** What work gets that names none. Not there when it gets nothing. */
  readonly defaults?: WorkLimits
  /** Most that one workload may name, and has to name then. */
  readonly maxima?: WorkLimits
  readonly createdAt: Instant
}

export const unlimited: Omit<Namespace, 'name' | 'createdAt'> = { quota: noQuota, weight: 1, borrow: false }
