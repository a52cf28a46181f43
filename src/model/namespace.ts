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

export const noQuota: Quota = { gpus: null, cpuMillis: null, memoryMib: null, workloads: null }

export interface Namespace {
  readonly name: string
  readonly quota: Quota
  /** Twice the weight is twice the share of what is scarce. */
  readonly weight: number
  /** May use more than its quota of what nobody within theirs has work for. Not more workloads. */
  readonly borrow: boolean
  readonly createdAt: Instant
}

export const unlimited: Omit<Namespace, 'name' | 'createdAt'> = { quota: noQuota, weight: 1, borrow: false }
