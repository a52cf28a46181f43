/** A job as users see it. */
import { z } from 'zod'
import { rangesText } from '../../core/jobs/ranges.ts'
import { liveRunsOf, runsOf } from '../../core/state/job-steps.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { Job } from '../../model/job.ts'
import { isTerminal } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'

const time = z.string().describe('ISO 8601')

export const JobView = z.object({
  jobId: z.string(),
  name: z.string(),
  namespace: z.string(),
  image: z.string(),
  command: z.array(z.string()),
  state: z.string().describe('active, suspended, stopping, completed, failed, stopped or deleting'),
  reason: z.string().nullable().describe('Why it is in that state'),
  failureReason: z.string().nullable().describe('BackoffLimitExceeded or DeadlineExceeded'),
  completions: z.string().describe('So many runs have succeeded, of so many: `2/3`'),
  succeeded: z.int(),
  failed: z.int().describe('Runs that have failed'),
  active: z.int().describe('Runs that have not ended'),
  parallelism: z.int(),
  backoffLimit: z.int(),
  origin: z.string().nullable().describe('What made it: `cron NAME`, or `workflow NAME`; null when somebody did'),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  durationSecs: z.number().nullable().describe('From the start of its first run to its end, or to now'),
})
export type JobView = z.infer<typeof JobView>

export const JobStatus = JobView.extend({
  backoffSeconds: z.number(),
  deadlineSeconds: z.number().nullable(),
  ttlSeconds: z.number().nullable().describe('It is forgotten so long after its end'),
  completedIndexes: z.string().describe('Such as `0-4,7`'),
  nextStartAt: time.nullable().describe('No run is started before then'),
  createdBy: z.string(),
  results: z
    .array(z.object({ index: z.int(), result: z.string() }))
    .describe('What runs have handed on: behind $CLAW_RESULT in a line of their output'),
  runs: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        index: z.int(),
        state: z.string(),
        node: z.string().nullable(),
        startedAt: time.nullable(),
        endedAt: time.nullable(),
        exitCode: z.int().nullable(),
        reason: z.string().nullable().describe('What holds it up, or ended it'),
      }),
    )
    .describe('The last 100 that are known'),
  events: z.array(z.object({ at: time, type: z.string(), message: z.string() })).describe('The last, oldest first'),
})
export type JobStatus = z.infer<typeof JobStatus>

type Context = Pick<OperationContext, 'control' | 'clock'>

export function jobView(job: Job, { control, clock }: Context): JobView {
  const { state } = control
  const { startedAt, endedAt } = job
  return {
    jobId: job.id,
    ...{ name: job.name, namespace: job.namespace, state: job.state, reason: job.reason },
    ...{ image: job.spec.image, command: job.spec.command },
    failureReason: job.failure,
    completions: `${job.succeeded}/${job.completions}`,
    ...{ succeeded: job.succeeded, failed: job.failed, active: liveRunsOf(state, job.id).length },
    ...{ parallelism: job.parallelism, backoffLimit: job.backoffLimit },
    origin: originOf(job, state),
    createdAt: iso(job.createdAt),
    startedAt: isoOrNull(startedAt),
    endedAt: isoOrNull(endedAt),
    durationSecs: startedAt === null ? null : Math.max(0, ((endedAt ?? clock.now()) - startedAt) / 1_000),
  }
}

/** Its name, or the id of what is gone. */
function originOf({ origin }: Job, { crons, workflows }: MeshState): string | null {
  if (origin === null) return null
  if (origin.type === 'cron') return `cron ${crons.get(origin.cron)?.name ?? origin.cron}`
  return `workflow ${workflows.get(origin.workflow)?.name ?? origin.workflow}`
}

const mostRuns = 100

export function jobStatus(job: Job, context: Context): JobStatus {
  const { state } = context.control
  return {
    ...jobView(job, context),
    backoffSeconds: job.backoffMs / 1_000,
    deadlineSeconds: job.deadlineMs === null ? null : job.deadlineMs / 1_000,
    ttlSeconds: job.ttlMs === null ? null : job.ttlMs / 1_000,
    completedIndexes: rangesText(job.done),
    nextStartAt: isoOrNull(job.startsAfter),
    createdBy: job.createdBy,
    results: job.results.map(([index, result]) => ({ index, result })),
    runs: runsOf(state, job.id)
      .slice(-mostRuns)
      .map((one) => ({
        ...{ id: one.id, name: one.name, index: one.run?.index ?? 0, state: one.state, exitCode: one.exitCode },
        node: one.placement === null ? null : nameOf(state, one.placement.node),
        startedAt: isoOrNull(one.startedAt),
        endedAt: isoOrNull(one.endedAt),
        reason: one.error?.message ?? (isTerminal(one.state) ? null : one.progress),
      })),
    events: job.events.map(({ at, type, message }) => ({ at: iso(at), type, message })),
  }
}
