/** What users do with workflows, and what the leader finds to be next. */
import type { WorkflowId } from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import { isOver } from '../../model/job.ts'
import type { StepSpec, Workflow, WorkflowStep } from '../../model/workflow.ts'
import { hasEnded } from '../../model/workflow.ts'
import { circleIn, needsOf } from '../workflow/order.ts'
import { problemOfUses } from '../workflow/uses.ts'
import type { Room } from './crowd.ts'
import { endJob, jobSpecObstacle, removeJob } from './jobs.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'
import type { WorkflowCommand } from './workflow-commands.ts'
import { startSteps } from './workflow-starts.ts'
import { changeWorkflow, noteWorkflow, withStep } from './workflow-steps.ts'

const types: readonly string[] = [
  'create-workflow',
  'cancel-workflow',
  'retry-workflow',
  'delete-workflow',
  'forget-workflows',
  'set-workflow',
] satisfies WorkflowCommand['type'][]

export const isOnWorkflow = (command: Command): command is WorkflowCommand => types.includes(command.type)

export function carryOutOnWorkflow(step: Step, command: WorkflowCommand): Outcome {
  switch (command.type) {
    case 'create-workflow':
      return createWorkflow(step, command)
    case 'cancel-workflow':
      return cancelWorkflow(step, command)
    case 'retry-workflow':
      return retryWorkflow(step, command)
    case 'delete-workflow':
      return deleteWorkflow(step, command)
    case 'forget-workflows':
      return forgetWorkflows(step, command)
    case 'set-workflow':
      return setWorkflow(step, command)
  }
}

const waiting: Omit<WorkflowStep, keyof StepSpec> = {
  ...{ state: 'waiting', reason: null, jobId: null, startedAt: null, endedAt: null, result: null, exitCode: null },
}

function createWorkflow(step: Step, command: CommandOf<'create-workflow'>): Outcome {
  const { state, at, by, changes } = step
  const { workflow: id, name, namespace, steps, ttlMs } = command
  const known = state.workflows.get(id)
  if (known !== undefined)
    return known.name === name && known.createdBy === by
      ? accepted({ workflow: id })
      : refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another workflow` })
  const isTaken = [...state.workflows.values()].some((one) => one.name === name && one.namespace === namespace)
  if (isTaken) return refused('WORKFLOW_EXISTS', { name })
  if (state.workflows.size >= limits.workflows) return refused('RATE_LIMITED', { who: by })
  const obstacle = stepsObstacle(step, command)
  if (obstacle !== null) return obstacle
  const workflow: Workflow = {
    ...{ id, name, namespace, ttlMs, steps: steps.map((one) => ({ ...one, ...waiting })) },
    ...{ state: 'running', reason: null, round: 1, createdAt: at, createdBy: by, endedAt: null },
    ...{ version: 0, updatedAt: at, events: [] },
  }
  state.workflows.set(id, workflow)
  changes.push({ type: 'workflow', workflow: id })
  const message = `the workflow ${name} of ${steps.length} steps was created by ${by}`
  noteWorkflow(step, id, { type: 'workflow.created', message })
  return accepted({ workflow: id })
}

/** Why there cannot be a workflow of these steps; null when there can. */
export function stepsObstacle(
  { state }: { readonly state: Pick<MeshState, 'namespaces' | 'policies'> & Room },
  { namespace, steps }: Pick<CommandOf<'create-workflow'>, 'namespace' | 'steps'>,
): Outcome | null {
  const names = steps.map(({ name }) => name.toUpperCase().replaceAll('-', '_'))
  const twice = steps.find((_, i) => names.indexOf(names[i] ?? '') !== i)
  if (twice !== undefined) return refused('INVALID_REQUEST', { problem: `two steps are called ${twice.name}` })
  for (const one of steps) {
    const unknown = needsOf(one).find((need) => !steps.some(({ name }) => name === need))
    if (unknown !== undefined)
      return refused('INVALID_REQUEST', {
        problem: `the step ${one.name} needs ${unknown}, which is none of the steps`,
      })
    if (one.spec.namespace !== namespace)
      return refused('INVALID_REQUEST', { problem: `the step ${one.name} belongs to another namespace` })
    const obstacle = jobSpecObstacle(state, { spec: one.spec, settings: one.job })
    if (obstacle !== null) return obstacle
  }
  const circle = circleIn(steps)
  if (circle !== null) return refused('WORKFLOW_CYCLE', { circle: circle.join(' → ') })
  const use = problemOfUses(steps)
  if (use !== null) return refused('WORKFLOW_REFERENCE', use)
  return JSON.stringify(steps).length > limits.workflowBytes
    ? refused('TOO_LARGE', { what: 'the workflow', limit: limits.workflowBytes })
    : null
}

/** What runs is stopped; what waits never begins. */
function cancelWorkflow(step: Step, { workflow: id, reason }: CommandOf<'cancel-workflow'>): Outcome {
  const workflow = step.state.workflows.get(id)
  if (workflow === undefined) return refused('WORKFLOW_NOT_FOUND', { workflow: id })
  if (workflow.state !== 'running') return accepted({ workflow: id })
  const why = `cancelled by ${step.by}${because(reason)}`
  const steps = workflow.steps.map((one) =>
    one.state === 'waiting' ? { ...one, state: 'stopped' as const, reason: why } : one,
  )
  changeWorkflow(step, workflow, { state: 'cancelling', reason: why, steps })
  noteWorkflow(step, id, { type: 'workflow.cancelled', message: `the workflow ${workflow.name} was ${why}` })
  for (const job of jobsOfWorkflow(step.state, id))
    if (job.state === 'active' || job.state === 'suspended') endJob(step, job, `stopped: its workflow was ${why}`)
  return accepted({ workflow: id })
}

function retryWorkflow(step: Step, { workflow: id, reason }: CommandOf<'retry-workflow'>): Outcome {
  const workflow = step.state.workflows.get(id)
  if (workflow === undefined) return refused('WORKFLOW_NOT_FOUND', { workflow: id })
  const { name, state } = workflow
  if (state !== 'failed' && state !== 'cancelled')
    return refused('WORKFLOW_BUSY', { name, reason: `it is ${state}, and only what has failed is tried again` })
  const steps = workflow.steps.map((one) => (one.state === 'completed' ? one : { ...one, ...waiting }))
  const round = workflow.round + 1
  changeWorkflow(step, workflow, { state: 'running', reason: null, endedAt: null, round, steps })
  const message = `the workflow ${name} is tried again, says ${step.by}${because(reason)}`
  noteWorkflow(step, id, { type: 'workflow.retried', message })
  return accepted({ workflow: id })
}

function deleteWorkflow(step: Step, { workflow: id, reason }: CommandOf<'delete-workflow'>): Outcome {
  const workflow = step.state.workflows.get(id)
  if (workflow === undefined) return refused('WORKFLOW_NOT_FOUND', { workflow: id })
  if (workflow.state === 'deleting') return accepted({ workflow: id })
  const why = `deleted by ${step.by}${because(reason)}`
  const isIdle = jobsOfWorkflow(step.state, id).every(isOver)
  if (isIdle) forget(step, workflow)
  else {
    changeWorkflow(step, workflow, { state: 'deleting', reason: why })
    for (const job of jobsOfWorkflow(step.state, id)) removeJob(step, job, why)
  }
  return accepted({ workflow: id })
}

function forget(step: Step, { id, name, namespace }: Workflow): void {
  step.state.workflows.delete(id)
  step.changes.push({ type: 'workflow', workflow: id })
  for (const job of jobsOfWorkflow(step.state, id)) removeJob(step, job, 'deleted with its workflow')
  emit(step, { type: 'workflow.deleted', namespace, message: `the workflow ${name} is gone` })
}

function forgetWorkflows(step: Step, { workflows }: CommandOf<'forget-workflows'>): Outcome {
  for (const id of workflows) {
    const workflow = step.state.workflows.get(id)
    if (workflow !== undefined && hasEnded(workflow)) forget(step, workflow)
  }
  return accepted()
}

/** Of all tries. */
export const jobsOfWorkflow = ({ jobs }: Pick<MeshState, 'jobs'>, id: WorkflowId): readonly Job[] =>
  Array.from(jobs.values())
    .filter(({ origin }) => origin?.type === 'workflow' && origin.workflow === id)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))

function setWorkflow(step: Step, command: CommandOf<'set-workflow'>): Outcome {
  const before = step.state.workflows.get(command.workflow)
  if (before === undefined) return refused('WORKFLOW_NOT_FOUND', { workflow: command.workflow })
  const { id, name } = before
  if (before.version !== command.version) return refused('WORKFLOW_BUSY', { name, reason: 'it has changed meanwhile' })
  const workflow = changeWorkflow(step, before, {})
  if (command.gone === true && before.state === 'deleting') forget(step, workflow)
  else if (command.end !== undefined) endWorkflow(step, workflow, command.end)
  else {
    for (const { step: skipped, reason } of command.skip ?? []) skip(step, id, { skipped, reason })
    startSteps(step, id, command.start ?? [])
  }
  return accepted({ workflow: id })
}

function endWorkflow(step: Step, workflow: Workflow, state: NonNullable<CommandOf<'set-workflow'>['end']>): void {
  const failed = workflow.steps.filter((one) => one.state === 'failed' || one.state === 'stopped')
  const why = failed.map(({ name, reason }) => `${name}${reason === null ? '' : ` (${reason})`}`).join(', ')
  const reason = state === 'failed' ? `what has not completed: ${why}`.slice(0, 1_024) : workflow.reason
  changeWorkflow(step, workflow, { state, reason, endedAt: step.at })
  const message = `the workflow ${workflow.name} has ${state === 'cancelled' ? 'been cancelled' : state}`
  noteWorkflow(step, workflow.id, { type: `workflow.${state}`, message })
}

function skip(
  step: Step,
  id: WorkflowId,
  { skipped, reason }: { readonly skipped: string; readonly reason: string },
): void {
  const workflow = step.state.workflows.get(id)
  if (workflow?.steps.find(({ name }) => name === skipped)?.state !== 'waiting') return
  const steps = withStep(workflow, skipped, { state: 'skipped', reason, endedAt: step.at })
  changeWorkflow(step, workflow, { steps })
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)
