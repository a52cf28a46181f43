/** The commands on schedules: what users ask for, and the moments that the leader finds to have come. */
import type { CronSettings } from '../../model/cron.ts'
import type { CronId, JobId } from '../../model/ids.ts'
import type { JobSettings } from '../../model/job.ts'
import type { Instant } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'

interface Told {
  readonly cron: CronId
  /** In the words of whoever asks. */
  readonly reason?: string
}

export type CronCommand =
  | {
      readonly type: 'create-cron'
      readonly cron: CronId
      readonly name: string
      readonly spec: WorkloadSpec
      readonly settings: CronSettings
      /** How each of its jobs is done. */
      readonly job: JobSettings
    }
  /** Refused when somebody else has changed it since that edition. */
  | (Told & {
      readonly type: 'update-cron'
      readonly edition: number
      readonly spec: WorkloadSpec
      readonly settings: CronSettings
      readonly job: JobSettings
    })
  /** A job outside of the schedule, now. */
  | (Told & { readonly type: 'trigger-cron'; readonly job: JobId })
  | (Told & { readonly type: 'suspend-cron' })
  | (Told & { readonly type: 'resume-cron' })
  /** With its jobs. */
  | (Told & { readonly type: 'delete-cron' })
  /**
   * Everything up to `at` is dealt with. It is accepted only for a moment after the last that was, so each moment counts once, whoever
   * leads and however often a leader is replaced in the middle of it.
   */
  | {
      readonly type: 'fire-cron'
      readonly cron: CronId
      readonly at: Instant
      /** The job that is made for that moment; without one it is passed over. */
      readonly job?: JobId
      /** How many moments before `at`, or with it, are passed over. */
      readonly missed: number
    }
