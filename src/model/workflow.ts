/** Steps that need each other: each is a job, and begins when those that it needs are so far. */
import { z } from 'zod'
import type { JobId, WorkflowId } from './ids.ts'
import type { JobNote } from './job.ts'
import { JobSettings } from './job.ts'
import type { Instant, Millis } from './time.ts'
import { WorkloadSpec } from './workload.ts'

/** The jobs of its steps are called `<workflow>-<step>`, or `<workflow>-<step>-r2` when it is tried again. */
export const workflowName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,27}$/, 'must be 1 to 28 of A-Z a-z 0-9 _ . -')
export const stepName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,17}$/, 'must be 1 to 18 of A-Z a-z 0-9 _ -')

export const mostSteps = 64

/** When a step begins, once all that it needs has ended: all have completed, one before it has failed, or whatever has come of them. */
export const stepConditions = ['success', 'failure', 'always'] as const

/** What is to be done in a step. */
export const StepSpec = z.strictObject({
  name: stepName,
  needs: z.array(stepName).max(mostSteps),
  when: z.enum(stepConditions),
  spec: WorkloadSpec,
  job: JobSettings,
  /** One run for each line, or element of a JSON list, of the result of this step; null where that is not known later only. */
  forEach: stepName.nullable(),
})
export type StepSpec = z.infer<typeof StepSpec>

export const stepStates = ['waiting', 'running', 'completed', 'failed', 'skipped', 'stopped'] as const
export type StepState = (typeof stepStates)[number]

export interface WorkflowStep extends StepSpec {
  readonly state: StepState
  readonly reason: string | null
  /** Of the present try; null before the step has begun. */
  readonly jobId: JobId | null
  readonly startedAt: Instant | null
  readonly endedAt: Instant | null
  /** What it hands on: of one run its result, of several a JSON list of them. Null when it hands on nothing. */
  readonly result: string | null
  /** 0 when it has completed, else of the run of it that failed last; null when that is not known. */
  readonly exitCode?: number | null
}

/** It has ended, one way or another, or never will begin. */
export const isSettled = ({ state }: Pick<WorkflowStep, 'state'>): boolean => state !== 'waiting' && state !== 'running'

export const workflowStates = ['running', 'cancelling', 'completed', 'failed', 'cancelled', 'deleting'] as const
export type WorkflowState = (typeof workflowStates)[number]

export const workflowEnds = ['completed', 'failed', 'cancelled'] as const
export type WorkflowEnd = (typeof workflowEnds)[number]

export const hasEnded = ({ state }: Pick<Workflow, 'state'>): boolean =>
  (workflowEnds as readonly string[]).includes(state)

export interface Workflow {
  readonly id: WorkflowId
  readonly name: string
  readonly namespace: string
  readonly steps: readonly WorkflowStep[]
  readonly state: WorkflowState
  readonly reason: string | null
  /** Counts from 1 how often it was tried. */
  readonly round: number
  /** It is forgotten so long after its end; null when somebody has to delete it. */
  readonly ttlMs: Millis | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly endedAt: Instant | null
  /** Rises with every change of the workflow: what was decided on an earlier one counts for nothing. */
  readonly version: number
  readonly updatedAt: Instant
  /** The last few notes, oldest first. */
  readonly events: readonly JobNote[]
}
