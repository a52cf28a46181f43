/** A schedule that has a job made at every moment that it names, once, whoever leads the mesh by then. */
import { z } from 'zod'
import type { CronId, JobId } from './ids.ts'
import type { JobSettings } from './job.ts'
import type { Instant } from './time.ts'
import { day, second } from './time.ts'
import type { WorkloadSpec } from './workload.ts'

/** Its jobs are called `<name>-<seconds>`, or `<name>-manual-<milliseconds>`, which has to be the name of a job still. */
export const cronName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,31}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ . -')

/** What happens when the job of the moment before still runs. */
export const concurrencies = ['allow', 'forbid', 'replace'] as const
/** What happens to a moment at which nobody could start its job. */
export const missedPolicies = ['skip', 'run-once', 'run-all'] as const

const kept = z.int().min(0).max(100)

export const CronSettings = z.strictObject({
  /** Five fields, or six with seconds first, or a word such as `@daily`. */
  schedule: z.string().min(1).max(128),
  /** Of the IANA database. */
  timeZone: z.string().min(1).max(64),
  concurrency: z.enum(concurrencies),
  missed: z.enum(missedPolicies),
  /** A moment is missed when its job could not be started within so long. */
  startingDeadlineMs: z.int().min(second).max(day),
  /** So many of its jobs are kept that have completed, and so many of the others. */
  keepCompleted: kept,
  keepFailed: kept,
})
export type CronSettings = z.infer<typeof CronSettings>

export const cronOutcomes = ['started', 'forbidden', 'missed', 'refused'] as const

/** What came of a moment. */
export interface CronFiring {
  /** The moment that the schedule named; when somebody triggered it, that moment. */
  readonly at: Instant
  readonly firedAt: Instant
  readonly isManual: boolean
  readonly outcome: (typeof cronOutcomes)[number]
  /** How many moments this stands for: more than one only of those that were missed. */
  readonly count: number
  /** Null when none was made. */
  readonly job: JobId | null
  readonly jobName: string | null
  /** Why none was made, in words. */
  readonly reason: string | null
}

/** Most changes of when it comes that wait for what was before them. */
export const mostEarlier = 8

/** When it came before it was changed: what had come up to then counts still. */
export interface EarlierSchedule extends Pick<CronSettings, 'schedule' | 'timeZone'> {
  readonly until: Instant
}

export interface Cron extends CronSettings {
  readonly id: CronId
  readonly name: string
  readonly namespace: string
  readonly spec: WorkloadSpec
  /** How each of its jobs is done. */
  readonly job: JobSettings
  readonly suspended: boolean
  /** Rises with every change that somebody makes to it. Left out before the first. */
  readonly edition?: number
  /** Schedules of which not every moment has been dealt with, oldest first. Left out when there are none. */
  readonly earlier?: readonly EarlierSchedule[]
  /** Up to here every moment has been dealt with: none of them ever is again. */
  readonly last: Instant
  /** How many jobs it has made by its schedule. */
  readonly fired: number
  readonly missedCount: number
  /** The last few, oldest first. */
  readonly history: readonly CronFiring[]
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
}
