/**
 * The next step of a job: what it is, its runs that have not ended, and the time go in; one command for the leader to make comes out, or
 * null when there is nothing to do. It remembers nothing: whoever leads next goes on where the last one was.
 */
import type { Job, JobEnd, JobFailureReason } from '../../model/job.ts'
import { isOver } from '../../model/job.ts'
import type { WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { missing } from './ranges.ts'

export interface JobView {
  readonly job: Job
  /** Those that have not ended. */
  readonly runs: readonly Pick<Workload, 'id' | 'run' | 'stopRequested'>[]
  readonly at: Instant
}

export interface JobDecision {
  /** It is over: what it is to become, and why. */
  readonly end?: { readonly state: JobEnd; readonly reason: string | null; readonly failure: JobFailureReason | null }
  /** Indexes. */
  readonly start?: readonly number[]
  readonly stop?: readonly { readonly workload: WorkloadId; readonly reason: string }[]
  /** Nothing of it runs any more: it is what it was to become, or is forgotten. */
  readonly settle?: true
}

/** Most runs that one step starts. */
const mostAtOnce = 100

export function decide(view: JobView): JobDecision | null {
  const { job } = view
  if (isOver(job)) return null
  switch (job.state) {
    case 'deleting':
    case 'stopping':
      return view.runs.length === 0 ? { settle: true } : stopping(view, job.reason ?? 'its job is over')
    case 'suspended':
      return stopping(view, 'its job is suspended')
    case 'active':
    case 'completed':
    case 'failed':
    case 'stopped':
      return active(view)
  }
}

/** Null when all of them have been told. */
function stopping({ runs }: JobView, reason: string): JobDecision | null {
  const stop = runs.filter(({ stopRequested }) => stopRequested === null)
  return stop.length === 0 ? null : { stop: stop.map(({ id }) => ({ workload: id, reason: reason.slice(0, 256) })) }
}

function active(view: JobView): JobDecision | null {
  const { job } = view
  if (job.succeeded >= job.completions) return { end: { state: 'completed', reason: null, failure: null } }
  const failure = failureOf(view)
  if (failure !== null) {
    const { reason } = failure
    return { end: { state: 'failed', ...failure }, ...stopping(view, `its job has failed: ${reason}`) }
  }
  const start = startable(view)
  return start.length === 0 ? null : { start }
}

function failureOf({ job, at }: JobView): { readonly reason: string; readonly failure: JobFailureReason } | null {
  const { failed, backoffLimit, deadlineMs, activeSince } = job
  if (failed > backoffLimit) {
    const runs = failed === 1 ? '1 run has failed' : `${failed} runs have failed`
    return { failure: 'BackoffLimitExceeded', reason: `${runs}, and its backoffLimit is ${backoffLimit}` }
  }
  if (deadlineMs !== null && activeSince !== null && at >= activeSince + deadlineMs)
    return { failure: 'DeadlineExceeded', reason: `it was active for longer than ${deadlineMs / 1_000} s` }
  return null
}

function startable({ job, runs, at }: JobView): readonly number[] {
  const { done, completions, parallelism, startsAfter } = job
  if (startsAfter !== null && at < startsAfter) return []
  const others = new Set(runs.flatMap(({ run }) => run?.index ?? []))
  const most = Math.min(parallelism - runs.length, mostAtOnce)
  return missing(done, { count: completions, others, most })
}
