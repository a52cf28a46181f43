/** What users ask to have run, and what became of it. */
import { z } from 'zod'
import type { FailureCode } from './failure.ts'
import type { NodeId, PlacementId, WorkloadId } from './ids.ts'
import type { ExecutorKind } from './node.ts'
import type { Instant } from './time.ts'

/** Priorities are 0 to 1000; the three words are what most people use. */
export const priorities = { low: 250, normal: 500, high: 750 } as const

const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must look like NAME')
  .max(256)
export const labelName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'must be a label name')
/** A Docker name: what `docker run --name` takes, at most 63 characters. */
export const workloadName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'must be 1 to 63 of A-Z a-z 0-9 _ . -')
const image = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s:@/][^\s]*[^\s:/@]$|^[^\s:@/]$/, 'must be an image reference such as repo/name:tag')

/** A workload as submitted, in one spelling, with every unit fixed. Doors translate their own spellings into it. */
export const WorkloadSpec = z.strictObject({
  image,
  command: z
    .array(z.string().max(32_768))
    .max(256)
    .default([])
    .describe('Arguments for the container; empty runs the image’s own'),
  env: z.record(envName, z.string().max(32_768)).default({}).describe('Environment variables'),
  mounts: z
    .array(
      z.strictObject({
        source: z.string().min(1).max(4_096),
        target: z.string().startsWith('/').max(4_096),
        readOnly: z.boolean().default(false),
      }),
    )
    .max(64)
    .default([])
    .describe('Host paths or volumes and where they appear in the container'),
  gpus: z
    .strictObject({
      count: z.int().min(0).max(64).default(0).describe('How many devices'),
      model: z.string().max(64).optional().describe('Model or family, such as H100; any if left out'),
      memoryMib: z.int().positive().optional().describe('Least memory of each device, MiB'),
      devices: z.array(z.int().min(0)).max(64).optional().describe('Exact device indexes; count follows from it'),
    })
    .prefault({}),
  memoryMib: z.int().min(6).max(1_048_576).optional().describe('Memory limit, MiB'),
  cpus: z.number().positive().max(1_024).optional().describe('CPU limit, in cores'),
  shmMib: z.int().positive().max(1_048_576).optional().describe('Size of /dev/shm, MiB'),
  priority: z.int().min(0).max(1_000).default(priorities.normal),
  timeoutMs: z
    .int()
    .positive()
    .max(365 * 86_400_000)
    .optional()
    .describe('Longest run, after which it is stopped'),
  stopGraceMs: z.int().min(0).max(3_600_000).default(10_000).describe('From SIGTERM to SIGKILL'),
  node: z.string().max(128).optional().describe('Name or id of the one node that may run it'),
  nodeSelector: z.record(labelName, z.string().max(256)).default({}).describe('Labels that the node must carry'),
  executor: z.enum(['docker', 'process', 'simulated']).optional(),
})
export type WorkloadSpec = z.infer<typeof WorkloadSpec>

/** pending → starting → running → completed | failed; stopping → stopped; any state before running may end in failed or stopped. */
export type WorkloadState = 'pending' | 'starting' | 'running' | 'stopping' | 'completed' | 'failed' | 'stopped'

export const terminalStates: readonly WorkloadState[] = ['completed', 'failed', 'stopped']
export const isTerminal = (state: WorkloadState): boolean => terminalStates.includes(state)

/** An expected failure as data: what ends up in `workload info` and in replies. */
export interface WorkloadError {
  readonly code: FailureCode
  readonly message: string
}

/** placed by the leader → claimed by the node, or rejected → ended. A superseded placement can no longer be claimed. */
export interface Placement {
  readonly id: PlacementId
  readonly workload: WorkloadId
  readonly attempt: number
  readonly node: NodeId
  /** Uuids of the devices given. */
  readonly devices: readonly string[]
  readonly executor: ExecutorKind
  /** Raft term in which it was decided. */
  readonly term: number
  readonly state: 'placed' | 'claimed'
  readonly at: Instant
}

export interface Workload {
  readonly id: WorkloadId
  readonly name: string
  readonly spec: WorkloadSpec
  readonly submittedBy: string
  readonly submittedAt: Instant
  readonly state: WorkloadState
  /** 0 before the first placement, then counts placements. */
  readonly attempt: number
  /** The current placement, and after the end the last one. */
  readonly placement: Placement | null
  /** What the node is busy with while starting, such as `pulling image`. */
  readonly progress: string | null
  readonly startedAt: Instant | null
  readonly endedAt: Instant | null
  readonly exitCode: number | null
  readonly error: WorkloadError | null
  /** Set by the first request to stop it. */
  readonly stopRequested: { readonly at: Instant; readonly by: string; readonly force: boolean } | null
  /** The last few nodes that refused a placement, newest last. */
  readonly rejections: readonly {
    readonly node: NodeId
    readonly attempt: number
    readonly reason: string
    readonly at: Instant
  }[]
}
