/** How people write a schedule, and what the mesh makes of it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { Cron, CronSettings } from '../../model/cron.ts'
import { concurrencies, cronName, missedPolicies } from '../../model/cron.ts'
import { day, second } from '../../model/time.ts'
import type { Schedules } from '../../ports/schedule.ts'
import { span, spanOf } from '../fields.ts'
import type { JobSettings } from '../../model/job.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { jobFields, jobSettingsOver, ownName } from '../job/job-request.ts'
import { specOver } from '../workload/replica-request.ts'

/** Kubernetes says `Forbid`. */
const word = <const T extends readonly [string, ...string[]]>(words: T, error: string) =>
  z.preprocess((said) => (typeof said === 'string' ? said.toLowerCase() : said), z.enum(words, { error }))

const kept = z.int().min(0).max(100)

/** When its jobs are made. */
const cronFields = {
  schedule: z
    .string()
    .min(1)
    .max(128)
    .describe('Five fields, such as `*/15 * * * *`; six with seconds first; or @hourly, @daily, @weekly, @monthly'),
  timeZone: z.string().min(1).max(64).optional().describe('Such as Europe/Zurich; UTC when left out'),
  concurrency: word(concurrencies, 'must be allow, forbid or replace')
    .optional()
    .describe(
      'When the job before still runs: `allow` both, as when left out, `forbid` the new one, or `replace` the old',
    ),
  concurrencyPolicy: word(concurrencies, 'must be Allow, Forbid or Replace')
    .optional()
    .describe('The same as `concurrency`, as Kubernetes calls it'),
  missed: word(missedPolicies, 'must be skip, run-once or run-all')
    .optional()
    .describe(
      'Moments at which nobody could start the job in time: `skip` them, as when left out, `run-once` or `run-all`',
    ),
  startingDeadline: span
    .optional()
    .describe('A moment is missed when its job could not be started within so long; 1m when left out'),
  keepCompleted: kept.optional().describe('So many completed jobs are kept; 3 when left out'),
  keepFailed: kept.optional().describe('So many jobs that have not completed are kept; 1 when left out'),
}

/** A schedule as it is asked for. */
export const CronRequest = z.strictObject({
  ...jobFields,
  ...cronFields,
  name: ownName(cronName, 'schedule').describe(
    'Name, at most 32 characters; no other schedule of its namespace has it',
  ),
})
type CronWork = Omit<z.output<typeof CronRequest>, 'name'>

/** What can be said of a schedule that there is; what is not said stays. */
export const cronChangeFields = {
  ...z.strictObject(jobFields).omit({ namespace: true }).shape,
  image: jobFields.image.optional(),
  ...cronFields,
  schedule: cronFields.schedule.optional(),
}
type Changes = z.output<z.ZodObject<typeof cronChangeFields>>

/** What a schedule becomes. Throws INVALID_REQUEST, also when nothing is said. */
export function cronOver(
  changes: Changes,
  before: Cron,
  schedules: Schedules,
): { readonly spec: WorkloadSpec; readonly settings: CronSettings; readonly job: JobSettings } {
  const said = Object.entries(changes).filter(([key, value]) => key in cronChangeFields && value !== undefined)
  if (said.length === 0) throw invalid('nothing is said that would be changed')
  const { schedule = before.schedule, timeZone = before.timeZone, concurrency, concurrencyPolicy } = changes
  const asked = cronSettingsOf({ ...changes, image: before.spec.image, schedule, timeZone }, schedules)
  return {
    spec: specOver({ ...changes, image: changes.image ?? before.spec.image }, before.spec),
    job: jobSettingsOver({ ...changes, image: before.spec.image }, before.job),
    settings: {
      ...{ schedule: asked.schedule, timeZone },
      concurrency: (concurrency ?? concurrencyPolicy) === undefined ? before.concurrency : asked.concurrency,
      missed: changes.missed ?? before.missed,
      startingDeadlineMs: changes.startingDeadline === undefined ? before.startingDeadlineMs : asked.startingDeadlineMs,
      keepCompleted: changes.keepCompleted ?? before.keepCompleted,
      keepFailed: changes.keepFailed ?? before.keepFailed,
    },
  }
}

/** The moments that are meant. Throws INVALID_REQUEST for what names none. */
export function followed(
  { schedule, timeZone }: Pick<CronSettings, 'schedule' | 'timeZone'>,
  schedules?: Schedules,
): Pick<CronSettings, 'schedule' | 'timeZone'> {
  const when = { schedule: schedule.trim(), timeZone }
  const problem = schedules?.problem(when) ?? null
  if (problem !== null) throw invalid(`the schedule “${when.schedule}” in ${timeZone} cannot be followed: ${problem}`)
  return when
}

/** Throws INVALID_REQUEST. */
export function cronSettingsOf(request: CronWork, schedules?: Schedules): CronSettings {
  const { concurrency, concurrencyPolicy, startingDeadline = '1m' } = request
  if (concurrency !== undefined && concurrencyPolicy !== undefined && concurrency !== concurrencyPolicy)
    throw invalid('concurrency and concurrencyPolicy say different things')
  const when = followed({ schedule: request.schedule, timeZone: request.timeZone ?? 'UTC' }, schedules)
  const startingDeadlineMs = Math.round(spanOf(startingDeadline, 'startingDeadline', second))
  if (startingDeadlineMs > day) throw invalid('startingDeadline is longer than a day')
  return {
    ...when,
    concurrency: concurrency ?? concurrencyPolicy ?? 'allow',
    missed: request.missed ?? 'skip',
    startingDeadlineMs,
    keepCompleted: request.keepCompleted ?? 3,
    keepFailed: request.keepFailed ?? 1,
  }
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
