/** Schedules, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { Cron } from '../../model/cron.ts'
import { cronName, cronOutcomes, CronSettings, mostEarlier } from '../../model/cron.ts'
import { jobName, JobSettings } from '../../model/job.ts'
import { CronIdSchema, JobIdSchema } from './job-schemas.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const told = { cron: CronIdSchema, reason: shape.reason.exactOptional() }

/** Of every command in this file. */
export const cronCommands = [
  z.strictObject({
    ...type('create-cron'),
    cron: CronIdSchema,
    name: cronName,
    spec: shape.WorkloadSpec,
    settings: CronSettings,
    job: JobSettings,
  }),
  z.strictObject({
    ...type('update-cron'),
    ...told,
    edition: shape.count,
    spec: shape.WorkloadSpec,
    settings: CronSettings,
    job: JobSettings,
  }),
  z.strictObject({ ...type('trigger-cron'), ...told, job: JobIdSchema }),
  z.strictObject({ ...type('suspend-cron'), ...told }),
  z.strictObject({ ...type('resume-cron'), ...told }),
  z.strictObject({ ...type('delete-cron'), ...told }),
  z.strictObject({
    ...type('fire-cron'),
    cron: CronIdSchema,
    at: shape.instant,
    job: JobIdSchema.exactOptional(),
    missed: shape.count,
  }),
] as const

const Firing = z.strictObject({
  at: shape.instant,
  firedAt: shape.instant,
  isManual: z.boolean(),
  outcome: z.enum(cronOutcomes),
  count: shape.count,
  job: JobIdSchema.nullable(),
  jobName: jobName.nullable(),
  reason: z.string().nullable(),
})

/** A schedule as it stands in snapshots. */
export const CronSchema = CronSettings.extend({
  id: CronIdSchema,
  name: cronName,
  namespace: z.string(),
  spec: shape.WorkloadSpec,
  job: JobSettings,
  suspended: z.boolean(),
  edition: shape.count.exactOptional(),
  earlier: z
    .array(z.strictObject({ ...CronSettings.pick({ schedule: true, timeZone: true }).shape, until: shape.instant }))
    .max(mostEarlier)
    .exactOptional(),
  last: shape.instant,
  fired: shape.count,
  missedCount: shape.count,
  history: z.array(Firing).max(limits.firings),
  createdAt: shape.instant,
  createdBy: z.string(),
  updatedAt: shape.instant,
}) satisfies z.ZodType<Cron>
