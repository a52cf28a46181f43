/** What a workload is to the job that it belongs to. */
import type { JobId } from './ids.ts'

/** Which run of a job a workload is. */
export interface Run {
  readonly job: JobId
  /** From 0. */
  readonly index: number
  readonly count: number
  readonly item?: string
}
