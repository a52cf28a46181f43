/** A workflow as users see it. */
import { z } from 'zod'
import type { Workflow } from '../../model/workflow.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull } from '../fields.ts'

const time = z.string().describe('ISO 8601')

export const WorkflowView = z.object({
  workflowId: z.string(),
  name: z.string(),
  namespace: z.string(),
  state: z.string().describe('running, cancelling, completed, failed, cancelled or deleting'),
  reason: z.string().nullable(),
  progress: z.string().describe('So many steps have ended, of so many: `2/5`'),
  round: z.int().describe('How often it was tried'),
  createdAt: time,
  endedAt: time.nullable(),
  durationSecs: z.number(),
})
export type WorkflowView = z.infer<typeof WorkflowView>

export const WorkflowStatus = WorkflowView.extend({
  createdBy: z.string(),
  ttlSeconds: z.number().nullable(),
  steps: z.array(
    z.object({
      name: z.string(),
      state: z.string().describe('waiting, running, completed, failed, skipped or stopped'),
      needs: z.array(z.string()),
      when: z.string(),
      forEach: z.string().nullable().describe('The step whose result it goes through'),
      image: z.string(),
      jobId: z.string().nullable(),
      completions: z.string().nullable().describe('Of its job; null while it has none'),
      failed: z.int().describe('Runs of its job that have failed'),
      startedAt: time.nullable(),
      endedAt: time.nullable(),
      result: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
  events: z.array(z.object({ at: time, type: z.string(), message: z.string() })).describe('The last, oldest first'),
})
export type WorkflowStatus = z.infer<typeof WorkflowStatus>

type Context = Pick<OperationContext, 'control' | 'clock'>

export function workflowView(workflow: Workflow, { clock }: Pick<Context, 'clock'>): WorkflowView {
  const { steps, createdAt, endedAt } = workflow
  const over = steps.filter(({ state }) => state !== 'waiting' && state !== 'running').length
  return {
    workflowId: workflow.id,
    ...{ name: workflow.name, namespace: workflow.namespace, state: workflow.state, reason: workflow.reason },
    progress: `${over}/${steps.length}`,
    round: workflow.round,
    createdAt: iso(createdAt),
    endedAt: isoOrNull(endedAt),
    durationSecs: Math.max(0, ((endedAt ?? clock.now()) - createdAt) / 1_000),
  }
}

export function workflowStatus(workflow: Workflow, context: Context): WorkflowStatus {
  const { jobs } = context.control.state
  return {
    ...workflowView(workflow, context),
    createdBy: workflow.createdBy,
    ttlSeconds: workflow.ttlMs === null ? null : workflow.ttlMs / 1_000,
    steps: workflow.steps.map((step) => {
      const job = step.jobId === null ? undefined : jobs.get(step.jobId)
      return {
        ...{ name: step.name, state: step.state, needs: step.needs, when: step.when, forEach: step.forEach },
        ...{ image: step.spec.image, jobId: step.jobId, result: step.result, reason: step.reason },
        completions: job === undefined ? null : `${job.succeeded}/${job.completions}`,
        failed: job?.failed ?? 0,
        startedAt: isoOrNull(step.startedAt),
        endedAt: isoOrNull(step.endedAt),
      }
    }),
    events: workflow.events.map(({ at, type, message }) => ({ at: iso(at), type, message })),
  }
}
