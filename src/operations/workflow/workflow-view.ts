/** A workflow as users see it. */
import { z } from 'zod'
import { resultVariable } from '../../core/workflow/results.ts'
import { templatesIn, textAt } from '../../core/workflow/uses.ts'
import type { Job } from '../../model/job.ts'
import type { Workflow, WorkflowStep } from '../../model/workflow.ts'
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

const Passed = z.object({
  place: z.string().describe('A word of its command, as `command[1]`, a variable, as `env.MODEL`, or `items`'),
  from: z.string().describe('What stands there in the workflow, or `steps.NAME.result`'),
  value: z.string().describe('At most 1,024 characters of it'),
})

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
      exitCode: z.int().nullable().describe('0 when it has completed, else of the run that failed last'),
      passed: z.array(Passed).describe('What it was told of the steps before it; nothing when its job is forgotten'),
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
        ...{ exitCode: step.exitCode ?? null, passed: job === undefined ? [] : passedTo(step, job, workflow) },
        completions: job === undefined ? null : `${job.succeeded}/${job.completions}`,
        failed: job?.failed ?? 0,
        startedAt: isoOrNull(step.startedAt),
        endedAt: isoOrNull(step.endedAt),
      }
    }),
    events: workflow.events.map(({ at, type, message }) => ({ at: iso(at), type, message })),
  }
}

/** As its job has it: what a step before has handed on later is not what it was told. */
function passedTo(step: WorkflowStep, { spec, items }: Job, { steps }: Workflow): z.infer<typeof Passed>[] {
  const own = templatesIn(step.spec).map(({ place, text }) => ({ place, from: text, value: textAt(spec, place) ?? '' }))
  const variables = steps.flatMap(({ name }) => {
    const variable = resultVariable(name)
    const value = variable in step.spec.env ? undefined : spec.env[variable]
    return value === undefined ? [] : [{ place: `env.${variable}`, from: `steps.${name}.result`, value }]
  })
  const list =
    step.forEach === null
      ? []
      : [{ place: 'items', from: `steps.${step.forEach}.result`, value: JSON.stringify(items ?? []) }]
  return [...own, ...variables, ...list].map((one) => ({ ...one, value: one.value.slice(0, longestShown) }))
}

const longestShown = 1_024
