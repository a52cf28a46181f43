/** Every change of a job goes through here; and every end of one of its runs is counted here, when it happens and once. */
import type { JobId } from '../../model/ids.ts'
import type { Job, JobNote } from '../../model/job.ts'
import { backoffAfter, isOver } from '../../model/job.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { covers, withIndex } from '../jobs/ranges.ts'
import { isCrowded } from './crowd.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { emit } from './step.ts'
import type { MeshState } from './types.ts'

/** Replaces parts of a job. What was decided on it before counts no more. */
export function changeJob({ state, at, changes }: Step, before: Job, parts: Partial<Job>): Job {
  // Notes may have been added since.
  const events = state.jobs.get(before.id)?.events ?? before.events
  const after: Job = { ...before, events, ...parts, step: before.step + 1, updatedAt: at }
  state.jobs.set(after.id, after)
  changes.push({ type: 'job', job: after.id })
  return after
}

/** Tells those who watch, and keeps it with the job. */
export function noteJob(step: Step, id: JobId, { type, message }: Omit<JobNote, 'at'>): void {
  const { state, at } = step
  const job = state.jobs.get(id)
  if (job === undefined) return
  state.jobs.set(id, { ...job, events: [...job.events, { at, type, message }].slice(-limits.notes) })
  emit(step, { type, namespace: job.namespace, message })
}

/** What is kept of the results of one job, in characters. */
const mostResults = 64 * 1_024

/**
 * A run has ended. Its success counts once, however often its index was tried; one that somebody stopped, or that went with its node, is no
 * failure of the job, and is done again.
 */
export function countRun(step: Step, { run, name, state: ended, error, result }: Workload): void {
  const job = run === undefined ? undefined : step.state.jobs.get(run.job)
  if (run === undefined || job === undefined) return
  if (ended === 'completed') {
    if (covers(job.done, run.index)) return
    const kept = job.results.reduce((sum, [, text]) => sum + text.length, 0)
    const isKept = result !== undefined && kept + result.length <= mostResults && !isCrowded(step.state)
    changeJob(step, job, {
      done: withIndex(job.done, run.index),
      succeeded: job.succeeded + 1,
      failuresInRow: 0,
      startsAfter: null,
      ...(isKept && { results: [...job.results, [run.index, result] as const].toSorted(([a], [b]) => a - b) }),
    })
    if (result !== undefined && !isKept)
      noteJob(step, job.id, { type: 'job.result-lost', message: `the result of ${name} is too long to keep` })
    return
  }
  if (ended !== 'failed' || error?.code === 'WORKLOAD_LOST' || isOver(job)) {
    changeJob(step, job, {})
    return
  }
  const failuresInRow = job.failuresInRow + 1
  changeJob(step, job, {
    failed: job.failed + 1,
    failuresInRow,
    startsAfter: step.at + backoffAfter(job, failuresInRow),
  })
  const message = `${name} has failed${error === null ? '' : `: ${error.message}`}`
  noteJob(step, job.id, { type: 'job.run-failed', message })
}

/** The one of that name in that namespace; undefined when there is none. */
export function jobNamed({ jobs }: Pick<MeshState, 'jobs'>, namespace: string, name: string): Job | undefined {
  for (const job of jobs.values()) if (job.name === name && job.namespace === namespace) return job
  return undefined
}

/** Its runs that are known, also those that have ended, in the order in which they were started. */
export const runsOf = ({ runs, workloads }: Pick<MeshState, 'runs' | 'workloads'>, job: JobId): readonly Workload[] =>
  knownRuns({ runs, workloads }, job).toSorted(byAge)

/** Those that have not ended. */
export const liveRunsOf = (state: Pick<MeshState, 'runs' | 'workloads'>, job: JobId): readonly Workload[] =>
  knownRuns(state, job)
    .filter((run) => !isTerminal(run.state))
    .toSorted(byAge)

const knownRuns = ({ runs, workloads }: Pick<MeshState, 'runs' | 'workloads'>, job: JobId): readonly Workload[] =>
  Array.from(runs.get(job) ?? [], (id) => workloads.get(id)).filter((one) => one !== undefined)

const byAge = (a: Workload, b: Workload): number => a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1)

export function rememberRun({ runs }: State, { id, run }: Workload): void {
  if (run === undefined) return
  const known = runs.get(run.job) ?? new Set<Workload['id']>()
  runs.set(run.job, known.add(id))
}

export function forgetRun({ runs }: State, { id, run }: Workload): void {
  if (run === undefined) return
  const known = runs.get(run.job)
  known?.delete(id)
  if (known?.size === 0) runs.delete(run.job)
}
