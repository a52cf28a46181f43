/** Work that is to be done so many times and then is over: its runs are workloads, which it owns and counts. */
import { z } from 'zod'
import type { CronId, JobId, WorkflowId } from './ids.ts'
import type { Instant, Millis } from './time.ts'
import { day, hour, minute, second } from './time.ts'
import type { WorkloadSpec } from './workload.ts'

/** Its runs are called `<name>-<index>-<letters>`, which has to be the name of a workload still. */
export const longestJobName = 53
export const jobName = z
  .string()
  .max(longestJobName, `must be 1 to ${longestJobName} of A-Z a-z 0-9 _ . -`)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, `must be 1 to ${longestJobName} of A-Z a-z 0-9 _ . -`)

export const mostCompletions = 10_000
export const mostParallel = 1_000
/** Longest result of one run, bytes. */
export const longestResult = 4_096

const span = z
  .int()
  .min(0)
  .max(365 * day)

/** How a job is done. */
export const JobSettings = z.strictObject({
  /** So many runs have to succeed, each with an index of its own. */
  completions: z.int().min(1).max(mostCompletions),
  /** So many runs at a time. */
  parallelism: z.int().min(1).max(mostParallel),
  /** With one failed run more than this it has failed. */
  backoffLimit: z.int().min(0).max(1_000),
  /** Nothing is started for so long after a failure; twice as long after each that follows it without a success. */
  backoffMs: z.int().min(0).max(hour),
  /** It may be active for so long; null for as long as it takes. */
  deadlineMs: span.min(second).nullable(),
  /** It is forgotten so long after its end; null when somebody has to delete it. */
  ttlMs: span.nullable(),
  /** What each run is told as CLAW_ITEM, by its index; null where they differ by the index alone. */
  items: z.array(z.string().max(1_024)).min(1).max(mostParallel).nullable(),
})
export type JobSettings = z.infer<typeof JobSettings>

const { parallelism, backoffLimit, backoffMs, deadlineMs, ttlMs } = JobSettings.shape

/** What can be changed of a job that there is: what its runs are, and how many, it keeps. */
export const JobChanges = z.strictObject({
  parallelism: parallelism.exactOptional(),
  backoffLimit: backoffLimit.exactOptional(),
  backoffMs: backoffMs.exactOptional(),
  deadlineMs: deadlineMs.exactOptional(),
  ttlMs: ttlMs.exactOptional(),
})
export type JobChanges = z.infer<typeof JobChanges>

/** The pause after a failure does not grow beyond this, unless it began beyond it. */
const longestBackoff: Millis = 5 * minute

/** How long nothing is started after so many failures in a row. */
export const backoffAfter = ({ backoffMs }: Pick<JobSettings, 'backoffMs'>, failures: number): Millis =>
  Math.min(backoffMs * 2 ** Math.min(Math.max(failures - 1, 0), 20), Math.max(longestBackoff, backoffMs))

/** `stopping`: it is over, and waits for what still runs. */
export const jobStates = ['active', 'suspended', 'stopping', 'completed', 'failed', 'stopped', 'deleting'] as const
export type JobState = (typeof jobStates)[number]

export const jobEnds = ['completed', 'failed', 'stopped'] as const
export type JobEnd = (typeof jobEnds)[number]

export const isOver = ({ state }: Pick<Job, 'state'>): boolean => (jobEnds as readonly string[]).includes(state)

/** Why a job has failed, in a word that a program can read. */
export const jobFailureReasons = ['BackoffLimitExceeded', 'DeadlineExceeded'] as const
export type JobFailureReason = (typeof jobFailureReasons)[number]

/** What made it; null when somebody did. */
export type JobOrigin =
  /** The moment that the schedule named; null when somebody triggered it. */
  | { readonly type: 'cron'; readonly cron: CronId; readonly at: Instant | null }
  | { readonly type: 'workflow'; readonly workflow: WorkflowId; readonly step: string }

/** Something that happened to a job. */
export interface JobNote {
  readonly at: Instant
  /** `job.started`, `job.failed` and so on. */
  readonly type: string
  readonly message: string
}

/** Indexes from the first to the last. */
export type IndexRange = readonly [first: number, last: number]

export interface Job extends JobSettings {
  readonly id: JobId
  readonly name: string
  readonly namespace: string
  /** What each run is. */
  readonly spec: WorkloadSpec
  readonly origin: JobOrigin | null
  readonly state: JobState
  /** What it becomes once nothing of it runs any more; null while it is not over. */
  readonly end: JobEnd | null
  /** Why, in words; null when there is nothing to say. */
  readonly reason: string | null
  readonly failure: JobFailureReason | null
  /** Indexes that have succeeded, ascending. None of them ever runs again. */
  readonly done: readonly IndexRange[]
  readonly succeeded: number
  readonly failed: number
  /** Since the last success. */
  readonly failuresInRow: number
  /** No run is started before then. Null when nothing stands in the way. */
  readonly startsAfter: Instant | null
  /** What runs have handed on, by their index. */
  readonly results: readonly (readonly [index: number, text: string])[]
  readonly createdAt: Instant
  readonly createdBy: string
  /** When its first run was started. */
  readonly startedAt: Instant | null
  /** Since when its deadline counts; null while it is suspended. */
  readonly activeSince: Instant | null
  readonly endedAt: Instant | null
  /** Rises with every change of the job: what was decided on an earlier step counts for nothing. */
  readonly step: number
  readonly updatedAt: Instant
  /** The last few notes, oldest first. */
  readonly events: readonly JobNote[]
}
