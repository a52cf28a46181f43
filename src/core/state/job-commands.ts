/** The commands on jobs: what users ask for, and what the leader makes of it. */
import type { JobId, WorkloadId } from '../../model/ids.ts'
import type { JobChanges, JobEnd, JobFailureReason, JobSettings } from '../../model/job.ts'
import type { WorkloadSpec } from '../../model/workload.ts'

interface Told {
  readonly job: JobId
  /** In the words of whoever asks. */
  readonly reason?: string
}

/** What the leader found the next step of a job to be. All of it is done, or, if the job has changed since, nothing. */
export interface SetJob {
  readonly type: 'set-job'
  readonly job: JobId
  /** The step of the job that this was decided on. */
  readonly step: number
  readonly end?: { readonly state: JobEnd; readonly reason: string | null; readonly failure: JobFailureReason | null }
  readonly start?: readonly { readonly workload: WorkloadId; readonly name: string; readonly index: number }[]
  readonly stop?: readonly { readonly workload: WorkloadId; readonly reason: string }[]
  /** Nothing of it runs any more. */
  readonly settle?: true
}

export type JobCommand =
  | {
      readonly type: 'create-job'
      readonly job: JobId
      readonly name: string
      readonly spec: WorkloadSpec
      readonly settings: JobSettings
    }
  /** How it goes on; what is left out stays. What runs goes on. */
  | (Told & { readonly type: 'update-job'; readonly settings: JobChanges })
  | (Told & { readonly type: 'stop-job' })
  | (Told & { readonly type: 'suspend-job' })
  | (Told & { readonly type: 'resume-job' })
  /** What runs is stopped; it is forgotten, with its runs, when they have ended. */
  | (Told & { readonly type: 'delete-job' })
  /** The leader has those of them forgotten that are over, with their runs. */
  | { readonly type: 'forget-jobs'; readonly jobs: readonly JobId[] }
  | SetJob
