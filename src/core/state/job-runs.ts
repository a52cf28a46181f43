/** Carries out what the leader found the next step of a job to be: all of it, or nothing when the job has changed since. */
import type { Job } from '../../model/job.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import { isTerminal } from '../../model/workload.ts'
import { covers } from '../jobs/ranges.ts'
import type { SetJob } from './job-commands.ts'
import { settleStep } from './workflow-steps.ts'
import { changeJob, liveRunsOf, noteJob, runsOf } from './job-steps.ts'
import { askToStop } from './lifecycle.ts'
import { completed, submissionObstacle } from './namespaces.ts'
import { recordExceptions } from './policies.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Outcome } from './types.ts'
import { add, forgetWorkload } from './workloads.ts'

/** How long nothing is started after something could not be. */
const pauseAfterRefusal: Millis = 10 * second

export function setJob(step: Step, command: SetJob): Outcome {
  const { state } = step
  const before = state.jobs.get(command.job)
  if (before === undefined) return refused('JOB_NOT_FOUND', { job: command.job })
  const { id, name } = before
  if (before.step !== command.step) return refused('JOB_BUSY', { name, reason: 'it has changed meanwhile' })
  const job = changeJob(step, before, {})
  if (command.settle === true && liveRunsOf(state, id).length === 0) settle(step, job)
  else if (command.end !== undefined && job.state === 'active') finish(step, job, command.end)
  for (const { workload, reason } of command.stop ?? []) {
    const run = liveRunsOf(state, id).find((one) => one.id === workload)
    if (run !== undefined) askToStop(step, run, { by: step.by, force: false, because: null, reason })
  }
  startAll(step, state.jobs.get(id) ?? job, command.start ?? [])
  return accepted({ job: id })
}

/** What still runs ends first. */
function finish(step: Step, job: Job, { state, reason, failure }: NonNullable<SetJob['end']>): void {
  const isIdle = liveRunsOf(step.state, job.id).length === 0
  const parts = { end: state, reason, failure, startsAfter: null } as const
  if (isIdle) ended(step, job, parts)
  else changeJob(step, job, { ...parts, state: 'stopping' })
}

function settle(step: Step, job: Job): void {
  if (job.state === 'deleting') forgetJob(step, job)
  else if (job.state === 'stopping') ended(step, job, {})
}

function ended(step: Step, before: Job, parts: Partial<Job>): void {
  const { name, end, reason } = { ...before, ...parts }
  const state = end ?? 'stopped'
  const job = changeJob(step, before, { ...parts, end: state, state, endedAt: step.at satisfies Instant })
  const message = `the job ${name} has ${state === 'stopped' ? 'been stopped' : state}${reason === null ? '' : `: ${reason}`}`
  noteJob(step, before.id, { type: `job.${state}`, message })
  settleStep(step, job)
}

/** With its runs, which have all ended. */
export function forgetJob(step: Step, job: Job): void {
  const { id, name, namespace } = job
  for (const run of runsOf(step.state, id)) if (isTerminal(run.state)) forgetWorkload(step, run)
  step.state.jobs.delete(id)
  step.changes.push({ type: 'job', job: id })
  emit(step, { type: 'job.deleted', namespace, message: `the job ${name} is gone` })
  settleStep(step, job)
}

/** The first that cannot be started ends it, and says why. */
function startAll(step: Step, job: Job, starts: NonNullable<SetJob['start']>): void {
  if (starts.length === 0 || job.state !== 'active') return
  if (job.startedAt === null) changeJob(step, job, { startedAt: step.at })
  const busy = new Set(liveRunsOf(step.state, job.id).flatMap(({ run }) => run?.index ?? []))
  for (const start of starts) {
    const problem = obstacleTo(step, job, { start, busy })
    if (problem === null) {
      startOne(step, job, start)
      busy.add(start.index)
      continue
    }
    const now = step.state.jobs.get(job.id) ?? job
    changeJob(step, now, { startsAfter: step.at + pauseAfterRefusal })
    const message = `${job.name} cannot start a run: ${problem}`
    if (now.events.at(-1)?.message !== message) noteJob(step, job.id, { type: 'job.waits', message })
    return
  }
}

type Start = NonNullable<SetJob['start']>[number]

/** An index that has succeeded never runs again, nor twice at a time, whatever the leader thought. */
function obstacleTo(
  { state }: Step,
  { spec, done, completions, parallelism }: Job,
  { start: { workload, name, index }, busy }: { readonly start: Start; readonly busy: ReadonlySet<number> },
): string | null {
  if (index >= completions || covers(done, index)) return `index ${index} is not to be done`
  if (busy.has(index)) return `index ${index} runs already`
  if (busy.size >= parallelism) return `${busy.size} runs are as many as there may be at a time`
  if (state.workloads.has(workload) || state.names.has(name)) return `${name} is there already`
  if (state.workloads.size >= limits.workloads) return 'the mesh has as many workloads as it can'
  const wanted = { replicas: parallelism, lasting: 'ending' } as const
  const obstacle = submissionObstacle(state, completed(state, spec, 'ending'), 1, wanted)
  return obstacle?.ok === false ? obstacle.failure.message : null
}

function startOne(step: Step, { id, spec: asked, completions, items, createdBy }: Job, start: Start): void {
  const spec = completed(step.state, asked, 'ending')
  const { workload, name, index } = start
  const item = items?.[index]
  const run = { job: id, index, count: completions, ...(item !== undefined && { item }) }
  const own = { ...step, by: createdBy }
  add(own, { id: workload, name, spec, part: null, run })
  recordExceptions(own, { kind: 'workload', name, workload, spec, replicas: 1 })
}
