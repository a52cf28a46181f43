/** The commands on workflows: what users ask for, and what the leader makes of it. */
import type { JobId, WorkflowId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { StepSpec, WorkflowEnd } from '../../model/workflow.ts'

interface Told {
  readonly workflow: WorkflowId
  /** In the words of whoever asks. */
  readonly reason?: string
}

/** What the leader found to be next. All of it is done, or, if the workflow has changed since, nothing. */
export interface SetWorkflow {
  readonly type: 'set-workflow'
  readonly workflow: WorkflowId
  /** The version of the workflow that this was decided on. */
  readonly version: number
  /** Steps, by name, and the ids of the jobs that they become. */
  readonly start?: readonly { readonly step: string; readonly job: JobId }[]
  readonly skip?: readonly { readonly step: string; readonly reason: string }[]
  readonly end?: WorkflowEnd
  readonly gone?: true
}

export type WorkflowCommand =
  | {
      readonly type: 'create-workflow'
      readonly workflow: WorkflowId
      readonly name: string
      readonly namespace: string
      readonly steps: readonly StepSpec[]
      readonly ttlMs: Millis | null
    }
  | (Told & { readonly type: 'cancel-workflow' })
  /** What has not completed is done again, and what comes after it. */
  | (Told & { readonly type: 'retry-workflow' })
  /** With its jobs. */
  | (Told & { readonly type: 'delete-workflow' })
  | { readonly type: 'forget-workflows'; readonly workflows: readonly WorkflowId[] }
  | SetWorkflow
