/** Following a job until it is over, and how it reads. */
import { ClawError } from '../../../model/failure.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'
import { notedChanges } from './noted-changes.ts'
import { facts, orDash } from '../show/words.ts'

export type JobStatus = OutputOf<'job.status'>
type JobView = OutputOf<'job.list'>[number]

/** `train: active, 2/3 done, 1 runs, 1 has failed`. */
export function jobProgress({ name, state, completions, active, failed, reason }: JobView): string {
  const running = active === 0 ? '' : `, ${active} running`
  const bad = failed === 0 ? '' : `, ${failed} failed`
  return `${name}: ${state}, ${completions} done${running}${bad}${reason === null ? '' : `: ${reason}`}`
}

/** Tells how it gets on, and gives the status at its end; null when it is gone. */
export const followedJob = (id: string, api: Api, session: Session): Promise<JobStatus | null> =>
  notedChanges(api.stream('job.wait', { job: id }, session.signal), jobProgress, session)

/** Throws JOB_FAILED for one that has not completed. */
export function expectCompleted(status: JobStatus | null): void {
  if (status === null || status.state === 'completed') return
  throw new ClawError('JOB_FAILED', { name: status.name, reason: status.reason ?? `it is ${status.state}` })
}

/** All of a status, for people. */
export function jobLines(status: JobStatus): readonly string[] {
  const { runs, results, nextStartAt, deadlineSeconds, ttlSeconds } = status
  return [
    ...facts([
      ['Id', status.jobId],
      ['Name', status.name],
      ['Namespace', status.namespace],
      ['State', status.state],
      ...(status.reason === null ? [] : [['Reason', status.reason] as const]),
      ...(status.origin === null ? [] : [['Made by', status.origin] as const]),
      ['Image', status.image],
      ['Completions', `${status.completions}${status.completedIndexes === '' ? '' : ` (${status.completedIndexes})`}`],
      ['Runs', `${status.active} running, ${status.failed} failed, ${status.parallelism} at a time`],
      ['Back-off', `${status.backoffLimit} failures allowed, ${status.backoffSeconds} s after the first`],
      ...(nextStartAt === null ? [] : [['Next start', nextStartAt] as const]),
      ...(deadlineSeconds === null ? [] : [['Deadline', `${deadlineSeconds} s`] as const]),
      ...(ttlSeconds === null ? [] : [['Forgotten', `${ttlSeconds} s after its end`] as const]),
      ['Created', status.createdAt],
      ['Started', orDash(status.startedAt)],
      ['Ended', orDash(status.endedAt)],
      ['Duration', status.durationSecs === null ? '—' : `${Math.round(status.durationSecs)} s`],
    ]),
    ...(runs.length === 0 ? [] : ['']),
    ...runs.map(
      (one) =>
        `  ${one.name}  ${one.state}  ${orDash(one.node)}${one.exitCode === null ? '' : `  exit ${one.exitCode}`}${one.reason === null ? '' : `  ${one.reason}`}`,
    ),
    ...(results.length === 0 ? [] : ['', 'Results:']),
    ...results.map(({ index, result }) => `  ${index}  ${result}`),
  ]
}
