/** A schedule as users see it. */
import { z } from 'zod'
import { jobsOfCron } from '../../core/state/crons.ts'
import type { Cron, CronFiring } from '../../model/cron.ts'
import { isOver } from '../../model/job.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull } from '../fields.ts'

const time = z.string().describe('ISO 8601')

export const CronView = z.object({
  cronId: z.string(),
  name: z.string(),
  namespace: z.string(),
  schedule: z.string(),
  timeZone: z.string(),
  image: z.string(),
  command: z.array(z.string()),
  suspended: z.boolean(),
  nextRun: time.nullable().describe('Null while it is suspended, or when there is none any more'),
  lastRun: time.nullable().describe('The last moment for which a job was made'),
  active: z.int().describe('Jobs that are not over'),
  fired: z.int().describe('How many jobs it has made by its schedule'),
  missed: z.int().describe('How many moments nobody could start a job for in time'),
  edition: z.int().describe('How often somebody has changed it'),
  createdAt: time,
})
export type CronView = z.infer<typeof CronView>

export const FiringView = z.object({
  at: time.describe('The moment that the schedule named, or at which somebody triggered it'),
  firedAt: time,
  manual: z.boolean(),
  outcome: z.string().describe('started, forbidden, missed or refused'),
  count: z.int().describe('How many moments this stands for'),
  jobId: z.string().nullable(),
  jobName: z.string().nullable(),
  jobState: z.string().nullable().describe('Null when there was none, or it is kept no longer'),
  reason: z.string().nullable(),
})
export type FiringView = z.infer<typeof FiringView>

export const CronInfo = CronView.extend({
  concurrency: z.string(),
  missedPolicy: z.string(),
  startingDeadlineSeconds: z.number(),
  keepCompleted: z.int(),
  keepFailed: z.int(),
  completions: z.int().describe('Of each of its jobs'),
  parallelism: z.int(),
  backoffLimit: z.int(),
  nextRuns: z.array(time).describe('The next five'),
  activeJobs: z.array(z.string()).describe('Names of its jobs that are not over'),
  createdBy: z.string(),
  history: z.array(FiringView).describe('The last ten, newest first'),
})
export type CronInfo = z.infer<typeof CronInfo>

type Context = Pick<OperationContext, 'control' | 'clock' | 'schedules'>

export function cronView(cron: Cron, context: Context): CronView {
  const [next = null] = nextRuns(cron, context, 1)
  const last = cron.history.findLast(({ outcome }) => outcome === 'started')
  return {
    cronId: cron.id,
    ...{ name: cron.name, namespace: cron.namespace, schedule: cron.schedule, timeZone: cron.timeZone },
    ...{ image: cron.spec.image, command: cron.spec.command, suspended: cron.suspended },
    nextRun: next,
    lastRun: isoOrNull(last?.at ?? null),
    active: activeJobs(cron, context).length,
    ...{ fired: cron.fired, missed: cron.missedCount, edition: cron.edition ?? 0 },
    createdAt: iso(cron.createdAt),
  }
}

const activeJobs = ({ id }: Cron, { control }: Context): readonly string[] =>
  jobsOfCron(control.state, id)
    .filter((job) => !isOver(job))
    .map(({ name }) => name)

export function cronInfo(cron: Cron, context: Context): CronInfo {
  return {
    ...cronView(cron, context),
    ...{ concurrency: cron.concurrency, missedPolicy: cron.missed },
    startingDeadlineSeconds: cron.startingDeadlineMs / 1_000,
    ...{ keepCompleted: cron.keepCompleted, keepFailed: cron.keepFailed },
    completions: cron.job.completions,
    ...{ parallelism: cron.job.parallelism, backoffLimit: cron.job.backoffLimit },
    nextRuns: [...nextRuns(cron, context, 5)],
    activeJobs: [...activeJobs(cron, context)],
    createdBy: cron.createdBy,
    history: firingViews(cron, context).slice(0, 10),
  }
}

/** Those that are still to come. */
function nextRuns(cron: Cron, { clock, schedules }: Context, count: number): readonly string[] {
  if (cron.suspended) return []
  const runs: string[] = []
  for (
    let at = schedules.next(cron, Math.max(cron.last, clock.now()));
    at !== null && runs.length < count;
    at = schedules.next(cron, at)
  )
    runs.push(iso(at))
  return runs
}

/** What came of its moments, newest first. */
export const firingViews = ({ history }: Cron, { control }: Pick<Context, 'control'>): FiringView[] =>
  history.toReversed().map((firing: CronFiring) => ({
    ...{ at: iso(firing.at), firedAt: iso(firing.firedAt), manual: firing.isManual },
    ...{ outcome: firing.outcome, count: firing.count, jobId: firing.job, jobName: firing.jobName },
    jobState: firing.job === null ? null : (control.state.jobs.get(firing.job)?.state ?? null),
    reason: firing.reason,
  }))
