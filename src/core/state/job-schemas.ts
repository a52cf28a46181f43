/** Jobs, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { CronId, JobId, WorkflowId } from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import {
  JobChanges,
  jobEnds,
  jobFailureReasons,
  jobName,
  JobSettings,
  jobStates,
  longestResult,
  mostCompletions,
} from '../../model/job.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const id = <Id extends string>(): z.ZodType<Id> => z.string().min(1).max(128) as z.ZodType<string> as z.ZodType<Id>

export const JobIdSchema = id<JobId>()
export const CronIdSchema = id<CronId>()
export const WorkflowIdSchema = id<WorkflowId>()

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const told = { job: JobIdSchema, reason: shape.reason.exactOptional() }
const workload = shape.WorkloadIdSchema
export const runIndex = z.int().min(0).max(mostCompletions)
const failure = z.enum(jobFailureReasons).nullable()

/** What a run hands on. */
export const resultText = z
  .string()
  .max(longestResult)
  .refine((text) => !text.includes('\0'), 'must not contain NUL')

/** Of every command in this file. */
export const jobCommands = [
  z.strictObject({
    ...type('create-job'),
    job: JobIdSchema,
    name: jobName,
    spec: shape.WorkloadSpec,
    settings: JobSettings,
  }),
  z.strictObject({ ...type('update-job'), ...told, settings: JobChanges }),
  z.strictObject({ ...type('stop-job'), ...told }),
  z.strictObject({ ...type('suspend-job'), ...told }),
  z.strictObject({ ...type('resume-job'), ...told }),
  z.strictObject({ ...type('delete-job'), ...told }),
  z.strictObject({ ...type('forget-jobs'), jobs: z.array(JobIdSchema).max(1_000) }),
  z.strictObject({
    ...type('set-job'),
    job: JobIdSchema,
    step: shape.count,
    end: z.strictObject({ state: z.enum(jobEnds), reason: shape.text.nullable(), failure }).exactOptional(),
    start: z
      .array(z.strictObject({ workload, name: shape.workloadName, index: runIndex }))
      .max(1_000)
      .exactOptional(),
    stop: z
      .array(z.strictObject({ workload, reason: shape.reason }))
      .max(1_000)
      .exactOptional(),
    settle: z.literal(true).exactOptional(),
  }),
] as const

const Origin = z.discriminatedUnion('type', [
  z.strictObject({ ...type('cron'), cron: CronIdSchema, at: shape.instant.nullable() }),
  z.strictObject({ ...type('workflow'), workflow: WorkflowIdSchema, step: shape.word }),
]) satisfies z.ZodType<NonNullable<Job['origin']>>

/** A job as it stands in snapshots. */
export const JobSchema = JobSettings.extend({
  id: JobIdSchema,
  name: jobName,
  namespace: z.string(),
  spec: shape.WorkloadSpec,
  origin: Origin.nullable(),
  state: z.enum(jobStates),
  end: z.enum(jobEnds).nullable(),
  reason: z.string().nullable(),
  failure,
  done: z.array(z.tuple([runIndex, runIndex])).max(mostCompletions),
  succeeded: shape.count,
  failed: shape.count,
  failuresInRow: shape.count,
  startsAfter: shape.instant.nullable(),
  results: z.array(z.tuple([runIndex, resultText])).max(mostCompletions),
  createdAt: shape.instant,
  createdBy: z.string(),
  startedAt: shape.instant.nullable(),
  activeSince: shape.instant.nullable(),
  endedAt: shape.instant.nullable(),
  step: shape.count,
  updatedAt: shape.instant,
  events: z.array(z.strictObject({ at: shape.instant, type: shape.word, message: z.string() })).max(limits.notes),
}) satisfies z.ZodType<Job>

/** Which run of a job a workload is, in snapshots. */
export const RunSchema = z.strictObject({
  job: JobIdSchema,
  index: runIndex,
  count: shape.count,
  item: z.string().max(1_024).exactOptional(),
})
