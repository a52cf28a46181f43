/** What users do with jobs, and what the leader finds their next steps to be. */
import type { JobId } from '../../model/ids.ts'
import type { Job, JobOrigin, JobSettings } from '../../model/job.ts'
import { isOver } from '../../model/job.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Room } from './crowd.ts'
import type { JobCommand } from './job-commands.ts'
import { forgetJob, setJob } from './job-runs.ts'
import { changeJob, jobNamed, liveRunsOf, noteJob } from './job-steps.ts'
import { askToStop } from './lifecycle.ts'
import { completed, workObstacle } from './namespaces.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

const types: readonly string[] = [
  'create-job',
  'update-job',
  'stop-job',
  'suspend-job',
  'resume-job',
  'delete-job',
  'forget-jobs',
  'set-job',
] satisfies JobCommand['type'][]

export const isOnJob = (command: Command): command is JobCommand => types.includes(command.type)

export function carryOutOnJob(step: Step, command: JobCommand): Outcome {
  switch (command.type) {
    case 'create-job':
      return createJob(step, command)
    case 'update-job':
      return updateJob(step, command)
    case 'stop-job':
      return stopJob(step, command)
    case 'suspend-job':
      return suspendJob(step, command)
    case 'resume-job':
      return resumeJob(step, command)
    case 'delete-job':
      return deleteJob(step, command)
    case 'forget-jobs':
      return forgetJobs(step, command)
    case 'set-job':
      return setJob(step, command)
  }
}

export interface NewJob {
  readonly id: JobId
  readonly name: string
  readonly spec: WorkloadSpec
  readonly settings: JobSettings
  readonly origin: JobOrigin | null
}

/** Why there cannot be such a job; null when there can. */
export function jobObstacle({ state, by }: Step, { id, name, spec, settings }: Omit<NewJob, 'origin'>): Outcome | null {
  if (state.jobs.has(id)) return refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another job` })
  if (jobNamed(state, spec.namespace, name) !== undefined) return refused('JOB_EXISTS', { name })
  if (state.jobs.size >= limits.jobs) return refused('RATE_LIMITED', { who: by })
  return jobSpecObstacle(state, { spec, settings })
}

/** What a run may not be; null when it may be so. `instead` is what it takes the place of. */
export function jobSpecObstacle(
  state: Pick<MeshState, 'namespaces' | 'policies'> & Room,
  { spec, settings, instead }: Pick<NewJob, 'spec' | 'settings'> & { readonly instead?: WorkloadSpec },
): Outcome | null {
  const run = completed(state, spec, 'ending')
  const before = instead && completed(state, instead, 'ending')
  const obstacle = workObstacle(state, run, { replicas: settings.parallelism, lasting: 'ending', instead: before })
  if (obstacle !== null) return obstacle
  if (spec.parts !== undefined)
    return refused('INVALID_REQUEST', { problem: 'a run of a job has no parts of its own: use completions' })
  if (spec.restart !== undefined)
    return refused('INVALID_REQUEST', { problem: 'a job tries again by itself: use backoffLimit instead of restart' })
  if (settings.items !== null && settings.items.length !== settings.completions)
    return refused('INVALID_REQUEST', { problem: 'a job has one completion for each of its items' })
  return JSON.stringify({ spec, settings }).length > limits.jobBytes
    ? refused('TOO_LARGE', { what: 'what a run of the job is', limit: limits.jobBytes })
    : null
}

/** Nothing must stand in the way. */
export function addJob(step: Step, { id, name, spec: asked, settings, origin }: NewJob): Job {
  const { state, at, by, changes } = step
  const spec = completed(state, asked, 'ending')
  const job: Job = {
    ...settings,
    ...{ id, name, spec, origin, namespace: spec.namespace },
    ...{ state: 'active', end: null, reason: null, failure: null },
    ...{ done: [], succeeded: 0, failed: 0, failuresInRow: 0, startsAfter: null, results: [] },
    ...{ createdAt: at, createdBy: by, startedAt: null, activeSince: at, endedAt: null, step: 0, updatedAt: at },
    events: [],
  }
  state.jobs.set(id, job)
  changes.push({ type: 'job', job: id })
  const times = settings.completions === 1 ? '' : `, ${settings.completions} times`
  noteJob(step, id, { type: 'job.created', message: `${name} was created by ${by}: ${spec.image}${times}` })
  return job
}

function createJob(step: Step, { job: id, name, spec, settings }: CommandOf<'create-job'>): Outcome {
  const known = step.state.jobs.get(id)
  if (known?.name === name && known.createdBy === step.by) return accepted({ job: id })
  const obstacle = jobObstacle(step, { id, name, spec, settings })
  if (obstacle !== null) return obstacle
  addJob(step, { id, name, spec, settings, origin: null })
  return accepted({ job: id })
}

/** With fewer runs at a time, those that run go on, and others begin once there are few enough. */
function updateJob(step: Step, { job: id, settings, reason }: CommandOf<'update-job'>): Outcome {
  const job = step.state.jobs.get(id)
  if (job === undefined) return refused('JOB_NOT_FOUND', { job: id })
  const { name, spec, state, completions, items } = job
  if (state !== 'active' && state !== 'suspended') return refused('JOB_BUSY', { name, reason: `it is ${state}` })
  const after = { ...job, ...settings }
  const { parallelism, backoffLimit, backoffMs, deadlineMs, ttlMs } = after
  const whole = { completions, items, parallelism, backoffLimit, backoffMs, deadlineMs, ttlMs }
  const obstacle = jobSpecObstacle(step.state, { spec, settings: whole, instead: spec })
  if (obstacle !== null) return obstacle
  changeJob(step, job, settings)
  noteJob(step, id, { type: 'job.updated', message: `${name} was changed by ${step.by}${because(reason)}` })
  return accepted({ job: id })
}

/** It is over at once; what runs is stopped. */
function stopJob(step: Step, { job: id, reason }: CommandOf<'stop-job'>): Outcome {
  const job = step.state.jobs.get(id)
  if (job === undefined) return refused('JOB_NOT_FOUND', { job: id })
  if (isOver(job) || job.state === 'stopping' || job.state === 'deleting') return accepted({ job: id })
  endJob(step, job, `stopped by ${step.by}${because(reason)}`)
  return accepted({ job: id })
}

/** Asks all that runs to stop. Once nothing does, it has stopped. */
export function endJob(step: Step, job: Job, why: string): void {
  changeJob(step, job, { state: 'stopping', end: 'stopped', reason: why, startsAfter: null })
  noteJob(step, job.id, { type: 'job.stopping', message: `${job.name} is ${why}` })
  stopRuns(step, job.id, why)
}

function stopRuns(step: Step, id: JobId, reason: string): void {
  for (const run of liveRunsOf(step.state, id))
    askToStop(step, run, { by: step.by, force: false, because: null, reason: reason.slice(0, 256) })
}

/** What runs is stopped, and counts as neither success nor failure. */
function suspendJob(step: Step, { job: id, reason }: CommandOf<'suspend-job'>): Outcome {
  const job = step.state.jobs.get(id)
  if (job === undefined) return refused('JOB_NOT_FOUND', { job: id })
  if (job.state === 'suspended') return accepted({ job: id })
  if (job.state !== 'active') return refused('JOB_BUSY', { name: job.name, reason: `it is ${job.state}` })
  const why = `suspended by ${step.by}${because(reason)}`
  changeJob(step, job, { state: 'suspended', reason: why, activeSince: null })
  noteJob(step, id, { type: 'job.suspended', message: `${job.name} was ${why}` })
  stopRuns(step, id, why)
  return accepted({ job: id })
}

function resumeJob(step: Step, { job: id, reason }: CommandOf<'resume-job'>): Outcome {
  const job = step.state.jobs.get(id)
  if (job === undefined) return refused('JOB_NOT_FOUND', { job: id })
  if (job.state === 'active') return accepted({ job: id })
  if (job.state !== 'suspended') return refused('JOB_BUSY', { name: job.name, reason: `it is ${job.state}` })
  changeJob(step, job, { state: 'active', reason: null, activeSince: step.at, startsAfter: null })
  noteJob(step, id, { type: 'job.resumed', message: `${job.name} was resumed by ${step.by}${because(reason)}` })
  return accepted({ job: id })
}

function deleteJob(step: Step, { job: id, reason }: CommandOf<'delete-job'>): Outcome {
  const job = step.state.jobs.get(id)
  if (job === undefined) return refused('JOB_NOT_FOUND', { job: id })
  removeJob(step, job, `deleted by ${step.by}${because(reason)}`)
  return accepted({ job: id })
}

/** At once when nothing of it runs; otherwise when that has ended. */
export function removeJob(step: Step, job: Job, why: string): void {
  if (liveRunsOf(step.state, job.id).length === 0) {
    forgetJob(step, job)
    return
  }
  if (job.state === 'deleting') return
  changeJob(step, job, { state: 'deleting', reason: why, startsAfter: null })
  stopRuns(step, job.id, `its job was ${why}`)
}

function forgetJobs(step: Step, { jobs }: CommandOf<'forget-jobs'>): Outcome {
  for (const id of jobs) {
    const job = step.state.jobs.get(id)
    if (job !== undefined && isOver(job) && liveRunsOf(step.state, id).length === 0) forgetJob(step, job)
  }
  return accepted()
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)
