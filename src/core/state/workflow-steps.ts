/** Every change of a workflow goes through here; and what comes of the job of a step is kept with the step, when it is over. */
import type { WorkflowId } from '../../model/ids.ts'
import type { Job, JobNote } from '../../model/job.ts'
import type { Workflow, WorkflowStep } from '../../model/workflow.ts'
import { resultOf } from '../workflow/results.ts'
import { runsOf } from './job-steps.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { emit } from './step.ts'

/** Replaces parts of a workflow. What was decided on it before counts no more. */
export function changeWorkflow({ state, at, changes }: Step, before: Workflow, parts: Partial<Workflow>): Workflow {
  const events = state.workflows.get(before.id)?.events ?? before.events
  const after: Workflow = { ...before, events, ...parts, version: before.version + 1, updatedAt: at }
  state.workflows.set(after.id, after)
  changes.push({ type: 'workflow', workflow: after.id })
  return after
}

/** Tells those who watch, and keeps it with the workflow. */
export function noteWorkflow(step: Step, id: WorkflowId, { type, message }: Omit<JobNote, 'at'>): void {
  const { state, at } = step
  const workflow = state.workflows.get(id)
  if (workflow === undefined) return
  state.workflows.set(id, { ...workflow, events: [...workflow.events, { at, type, message }].slice(-limits.notes) })
  emit(step, { type, namespace: workflow.namespace, message })
}

/** With one step changed. */
export const withStep = (
  { steps }: Pick<Workflow, 'steps'>,
  name: string,
  parts: Partial<WorkflowStep>,
): readonly WorkflowStep[] => steps.map((one) => (one.name === name ? { ...one, ...parts } : one))

/** The job is over, or was forgotten. Only the present try of a step has a say. */
export function settleStep(step: Step, job: Job): void {
  const { origin } = job
  if (origin?.type !== 'workflow') return
  const workflow = step.state.workflows.get(origin.workflow)
  const own = workflow?.steps.find(({ name }) => name === origin.step)
  if (workflow === undefined || own?.jobId !== job.id || own.state !== 'running') return
  const state = job.state === 'completed' || job.state === 'failed' ? job.state : 'stopped'
  const reason = job.reason ?? (state === 'stopped' ? 'its job was deleted' : null)
  const result = state === 'completed' ? resultOf(job) : null
  const exitCode = state === 'completed' ? 0 : lastExitCode(step.state, job)
  changeWorkflow(step, workflow, {
    steps: withStep(workflow, own.name, { state, reason, result, exitCode, endedAt: step.at }),
  })
  noteWorkflow(step, workflow.id, {
    type: `workflow.step-${state}`,
    message: `the step ${own.name} of ${workflow.name} has ${state === 'stopped' ? 'been stopped' : state}${reason === null ? '' : `: ${reason}`}`,
  })
}

/** Of the run that failed last; null when none did, or it has none. */
const lastExitCode = (state: Step['state'], { id }: Job): number | null =>
  runsOf(state, id)
    .filter((run) => run.state === 'failed')
    .toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    .at(-1)?.exitCode ?? null
