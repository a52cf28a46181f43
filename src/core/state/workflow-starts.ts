/** Makes the jobs of steps that begin, with what the steps before have handed on. */
import { ClawError } from '../../model/failure.ts'
import type { JobId, WorkflowId } from '../../model/ids.ts'
import { jobName } from '../../model/job.ts'
import type { JobSettings } from '../../model/job.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { WorkloadSpec as Spec } from '../../model/workload.ts'
import type { Workflow, WorkflowStep } from '../../model/workflow.ts'
import { isSettled } from '../../model/workflow.ts'
import { before, needsOf } from '../workflow/order.ts'
import { itemsIn, resultEnvironment } from '../workflow/results.ts'
import { withValues } from '../workflow/uses.ts'
import { addJob, jobObstacle } from './jobs.ts'
import type { Step } from './step.ts'
import { changeWorkflow, noteWorkflow, withStep } from './workflow-steps.ts'

interface Start {
  readonly step: string
  readonly job: JobId
}

/** No step begins before those that it needs have ended, nor twice, whatever the leader thought. */
export function startSteps(step: Step, id: WorkflowId, starts: readonly Start[]): void {
  for (const start of starts) {
    const workflow = step.state.workflows.get(id)
    const own = workflow?.steps.find(({ name }) => name === start.step)
    if (workflow?.state !== 'running' || own?.state !== 'waiting') continue
    const needs = needsOf(own)
    if (!workflow.steps.filter(({ name }) => needs.includes(name)).every(isSettled)) continue
    startOne(step, workflow, { own, job: start.job })
  }
}

function startOne(
  step: Step,
  workflow: Workflow,
  { own, job }: { readonly own: WorkflowStep; readonly job: JobId },
): void {
  const work = workOf(own, workflow)
  if ('problem' in work) {
    settled(step, workflow, own, { state: 'failed', reason: work.problem })
    return
  }
  if (work.settings.completions === 0) {
    settled(step, workflow, own, { state: 'completed', reason: 'there was nothing to do it for', result: '[]' })
    return
  }
  const name = `${workflow.name}-${own.name}${workflow.round === 1 ? '' : `-r${workflow.round}`}`
  const parts = { id: job, name, spec: work.spec, settings: work.settings }
  const by = { ...step, by: workflow.createdBy }
  const obstacle = jobName.safeParse(name).success ? jobObstacle(by, parts) : null
  if (obstacle?.ok === false) {
    settled(step, workflow, own, { state: 'failed', reason: obstacle.failure.message })
    return
  }
  addJob(by, { ...parts, origin: { type: 'workflow', workflow: workflow.id, step: own.name } })
  changeWorkflow(step, workflow, {
    steps: withStep(workflow, own.name, { state: 'running', reason: null, jobId: job, startedAt: step.at }),
  })
}

function settled(step: Step, workflow: Workflow, { name }: WorkflowStep, parts: Partial<WorkflowStep>): void {
  const steps = withStep(workflow, name, { ...parts, startedAt: step.at, endedAt: step.at })
  changeWorkflow(step, workflow, { steps })
  const message = `the step ${name} of ${workflow.name}: ${parts.reason ?? ''}`
  noteWorkflow(step, workflow.id, { type: `workflow.step-${parts.state ?? 'failed'}`, message })
}

type Work = { readonly spec: WorkloadSpec; readonly settings: JobSettings } | { readonly problem: string }

/** What the user has set in the environment stays as it is. */
function workOf(own: WorkflowStep, { steps }: Workflow): Work {
  const earlier = before(own, steps)
  const told = toldOf(own.spec, earlier)
  if ('problem' in told) return told
  const spec = { ...told, env: { ...resultEnvironment(earlier), ...told.env } }
  if (!Spec.safeParse(spec).success) return { problem: 'what the steps before have handed on is too long' }
  if (own.forEach === null) return { spec, settings: own.job }
  const items = itemsIn(steps.find(({ name }) => name === own.forEach)?.result ?? null)
  if (items === null) return { problem: `the result of ${own.forEach} has too many lines, or too long ones` }
  const settings = { ...own.job, completions: items.length, items: [...items] }
  return { spec, settings: { ...settings, parallelism: Math.max(1, Math.min(own.job.parallelism, items.length)) } }
}

/** Nothing but what the user has written is looked through: a result that reads like a template is given on as it is. */
function toldOf(spec: WorkloadSpec, earlier: readonly WorkflowStep[]): WorkloadSpec | { readonly problem: string } {
  try {
    return withValues(spec, earlier)
  } catch (error) {
    if (!ClawError.is(error, 'WORKFLOW_VALUE_MISSING')) throw error
    return { problem: error.message }
  }
}
